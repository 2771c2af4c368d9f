# SecantusDB's faster server, which `.ci/run` puts beside this file, in place of that of the stand-in for mongo:8
FROM mongo:8 AS stand-in
FROM debian:bookworm-slim
RUN groupadd --gid 999 mongodb && useradd --uid 999 --gid mongodb --home-dir /data/db --no-create-home mongodb && \
  mkdir -p /data/db /data/configdb && chown -R mongodb:mongodb /data
COPY --from=stand-in /opt/mongosh /opt/mongosh
COPY secantusd-rs mongod mongosh /usr/local/bin/
ENV HOME=/data/db
CMD ["mongod"]
