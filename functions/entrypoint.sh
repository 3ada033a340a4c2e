#!/bin/sh
# Starts Python with the arguments given: the Lambda runtime client and the handler's name. Where no Lambda service is
# around, the base image's runtime interface emulator starts it, and listens on port 8080.
if [ -z "${AWS_LAMBDA_RUNTIME_API}" ]; then
    exec aws-lambda-rie python3 "$@"
fi
exec python3 "$@"
