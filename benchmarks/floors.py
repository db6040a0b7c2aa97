"""The floors: FastAPI applications that store nothing. ``python -m benchmarks.floors drop PORT``.

``drop`` reads the body and forgets it; ``parse`` also inflates it and parses the Protobuf, in C.
"""

import sys
import zlib

import uvicorn
from fastapi import FastAPI, Request, Response
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

FLOORS = ("drop", "parse")
GZIP_BITS = 31
PROTOBUF = "application/x-protobuf"


def build_app(floor: str) -> FastAPI:
    app = FastAPI()

    @app.get("/healthz")
    async def is_alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/traces")
    async def take_traces(request: Request) -> Response:
        body = await request.body()
        if floor == "parse":
            if request.headers.get("content-encoding") == "gzip":
                body = zlib.decompress(body, GZIP_BITS)
            ExportTraceServiceRequest.FromString(body)
        return Response(b"", media_type=PROTOBUF)

    return app


if __name__ == "__main__":
    uvicorn.run(
        build_app(sys.argv[1]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
