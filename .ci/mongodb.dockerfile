# The stand-in for mongo:8 with SecantusDB's faster server, which `.ci/run` puts beside this file
FROM mongo:8
COPY secantusd-rs mongod /usr/local/bin/
