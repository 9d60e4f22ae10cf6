package wire

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"datarun"
	pb "datarun/connectors/wire/proto"
)

// maxErrorText keeps an error inside the header frame that carries it.
const maxErrorText = 4 << 10

// kindCodes gives each kind a gRPC code for tools that know nothing of Failure.
var kindCodes = map[datarun.Kind]codes.Code{
	datarun.Internal:    codes.Internal,
	datarun.Invalid:     codes.InvalidArgument,
	datarun.NotFound:    codes.NotFound,
	datarun.Denied:      codes.PermissionDenied,
	datarun.Conflict:    codes.Aborted,
	datarun.Unavailable: codes.Unavailable,
	datarun.Corrupt:     codes.DataLoss,
}

// toStatus turns an error of a source into a gRPC status with its kind in the details. ctx is the call's: an error that
// only says that the call was cancelled stays that.
func toStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && isContext(err) {
		return status.FromContextError(err).Err()
	}
	kind := datarun.KindOf(err)
	st := status.New(kindCodes[kind], cut(err.Error(), maxErrorText))
	if detailed, derr := st.WithDetails(&pb.Failure{Kind: uint32(kind)}); derr == nil {
		st = detailed
	}
	return st.Err()
}

// fromStatus is the inverse of toStatus on the host side. ctx is the caller's: when it ended, its error is the answer.
func fromStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	for _, d := range st.Details() {
		if f, ok := d.(*pb.Failure); ok && f.GetKind() <= uint32(datarun.Corrupt) {
			return &datarun.Error{Kind: datarun.Kind(f.GetKind()), Msg: st.Message()}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &datarun.Error{Kind: transportKind(st.Code()), Op: "connector wire", Msg: st.Message()}
}

// transportKind classifies what gRPC itself reports: a connector that died, or one that breaks the protocol.
func transportKind(code codes.Code) datarun.Kind {
	switch code {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Aborted:
		return datarun.Unavailable
	case codes.Unimplemented:
		return datarun.Invalid
	}
	return datarun.Internal
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// cut makes s fit a protobuf string of at most n bytes: valid UTF-8, no half character at the end.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
