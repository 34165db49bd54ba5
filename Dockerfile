# The command line as an image: one static program and the certificates of public authorities. Without arguments it stands
# in for Vela's s3-cache plugin (docs/vela.md).
#
#     docker build --tag nx-s3-cache .
#
# The release brings programs that are built already: `--build-context build=.`, with image/<architecture>/nx-s3-cache and
# image/ca-certificates.crt.

FROM docker.io/library/rust:1.95-alpine AS build
ARG TARGETARCH
RUN apk add --no-cache ca-certificates gcc make musl-dev
WORKDIR /source
COPY . .
RUN cargo build --release --locked --bin nx-s3-cache \
    && install -D target/release/nx-s3-cache "/image/${TARGETARCH}/nx-s3-cache" \
    && install -D --mode=644 /etc/ssl/certs/ca-certificates.crt /image/ca-certificates.crt

# There is nothing to log in to. It runs as root, like Vela's own plugins: the workspace belongs to root.
FROM scratch
ARG TARGETARCH
WORKDIR /tmp
WORKDIR /
COPY --from=build /image/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/${TARGETARCH}/nx-s3-cache /usr/local/bin/nx-s3-cache
ENTRYPOINT ["/usr/local/bin/nx-s3-cache"]
CMD ["vela"]
