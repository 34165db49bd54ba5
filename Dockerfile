# The command line as an image; without arguments it stands in for Vela's s3-cache plugin (docs/vela.md).
#
#     docker build --tag nx-s3-cache .

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --bin nx-s3-cache

# glibc, certificates, and nothing to log in to. It runs as root, like Vela's own plugins: the workspace belongs to root.
FROM gcr.io/distroless/cc-debian12
COPY --from=build /source/target/release/nx-s3-cache /usr/local/bin/nx-s3-cache
ENTRYPOINT ["/usr/local/bin/nx-s3-cache"]
CMD ["vela"]
