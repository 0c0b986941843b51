# Tintype in a container: `docker compose up`, or `docker build -t tintype .`; docs/install.md says more.

FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM rust:1.95-bookworm AS build
# Whatever version Debian's release has: it keeps no other to be named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates cmake nasm \
    && rm -rf /var/lib/apt/lists/*
# Without the line tables, which are four fifths of the file.
ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo CARGO_TARGET_DIR=/target
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
# The context has of .git what names the commit; git wants to see a folder of objects beside it.
RUN mkdir -p .git/objects \
    && cargo build --release --locked --package tintype

FROM debian:bookworm-slim
# A volume that is empty takes over owner and rights of the folder in the image.
RUN groupadd --gid 10001 tintype \
    && useradd --uid 10001 --gid tintype --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tintype \
    && install -d -o tintype -g tintype -m 0700 /data \
    && install -d /etc/tintype
# The authorities that Debian trusts: certificates, buckets and CDNs are asked for over HTTPS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /target/release/tintype /usr/local/bin/tintype
# PORT rather than an address: it means every address, IPv6 included where there is IPv6.
ENV PORT=8080 TINTYPE_STORE_DATA=/data
# A tintype.toml that is mounted here is read.
WORKDIR /etc/tintype
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
VOLUME /data
# 80 and 443 where TINTYPE_TLS_DOMAINS is set; docs/https.md.
EXPOSE 80 443 8080
# The image has no curl; bash opens the connection itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/${PORT:-8080} && printf 'GET /health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/usr/local/bin/tintype"]
CMD ["serve"]
