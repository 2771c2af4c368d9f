"""What schemathesis has to know to send the content types that are not JSON."""

import schemathesis


@schemathesis.serializer("application/x-ndjson", "*/*")
def as_text(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", errors="surrogatepass")
