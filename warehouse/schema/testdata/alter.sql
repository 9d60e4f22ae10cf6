ALTER TABLE datarun.r_306001_000001 COMMENT COLUMN `id` '不动产编号', MODIFY COLUMN `area` Nullable(Decimal(18, 2)) COMMENT '面积', MODIFY COLUMN `price` Nullable(Decimal(20, 2)), ADD COLUMN `street` Nullable(String) COMMENT '街道', MODIFY COMMENT '{"name":"不动产权登记","key":["id"]}';

CREATE OR REPLACE VIEW datarun.v_306001_000001
(
    `id` Int64 COMMENT '不动产编号',
    `姓名` Nullable(String) COMMENT '权利人\\姓名',
    `area` Nullable(Decimal(18, 2)) COMMENT '面积',
    `price` Nullable(Decimal(20, 2)),
    `built` Nullable(Date32) COMMENT '建成日期',
    `updated` Nullable(DateTime64(3, 'Asia/Shanghai')) COMMENT '更新时间',
    `valid` Nullable(Bool),
    `note` Nullable(String),
    `extra` Nullable(String),
    `ratio` Nullable(Float64),
    `big` Nullable(Decimal(76, 10)),
    `street` Nullable(String) COMMENT '街道',
    `_time` DateTime64(3, 'UTC') COMMENT '数据时间'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT `id`, `姓名`, `area`, `price`, `built`, `updated`, `valid`, `note`, `extra`, `ratio`, `big`, `street`, `_time`
FROM datarun.r_306001_000001 FINAL
COMMENT '不动产权登记 306001/000001'
