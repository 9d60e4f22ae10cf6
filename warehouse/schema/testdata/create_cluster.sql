CREATE TABLE IF NOT EXISTS datarun.r_306001_000001 ON CLUSTER city
(
    _key String,
    _time DateTime64(3, 'UTC'),
    _version UInt64,
    _partition UInt16,
    _deleted UInt8,
    `id` Int64 COMMENT '编号',
    `姓名` Nullable(String) COMMENT '权利人\\姓名',
    `area` Nullable(Decimal(12, 2)) COMMENT '面积',
    `price` Decimal(20, 2),
    `built` Nullable(Date32) COMMENT '建成日期',
    `updated` Nullable(DateTime64(3, 'Asia/Shanghai')) COMMENT '更新时间',
    `valid` Nullable(Bool),
    `note` Nullable(String),
    `extra` Nullable(String),
    `ratio` Nullable(Float64),
    `big` Nullable(Decimal(76, 10))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/datarun/r_306001_000001', '{replica}', _version, _deleted)
ORDER BY _key
SETTINGS index_granularity = 256, min_compress_block_size = 4096, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT '{"name":"不动产\'登记","key":["id"]}';

CREATE OR REPLACE VIEW datarun.v_306001_000001 ON CLUSTER city
(
    `id` Int64 COMMENT '编号',
    `姓名` Nullable(String) COMMENT '权利人\\姓名',
    `area` Nullable(Decimal(12, 2)) COMMENT '面积',
    `price` Decimal(20, 2),
    `built` Nullable(Date32) COMMENT '建成日期',
    `updated` Nullable(DateTime64(3, 'Asia/Shanghai')) COMMENT '更新时间',
    `valid` Nullable(Bool),
    `note` Nullable(String),
    `extra` Nullable(String),
    `ratio` Nullable(Float64),
    `big` Nullable(Decimal(76, 10)),
    `_time` DateTime64(3, 'UTC') COMMENT '数据时间'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT `id`, `姓名`, `area`, `price`, `built`, `updated`, `valid`, `note`, `extra`, `ratio`, `big`, `_time`
FROM datarun.r_306001_000001 FINAL
COMMENT '不动产\'登记 306001/000001'
