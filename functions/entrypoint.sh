#!/bin/sh
# Starts the Lambda runtime client. Where no Lambda service is around, the base image's runtime interface emulator
# takes its place and listens on port 8080.
if [ -z "${AWS_LAMBDA_RUNTIME_API}" ]; then
    exec aws-lambda-rie python3 -m awslambdaric "$@"
fi
exec python3 -m awslambdaric "$@"
