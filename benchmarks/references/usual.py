"""The usual stack on Lambda: FastAPI behind Mangum, pydantic, and Powertools for log, metrics and traces."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from fastapi import FastAPI
from mangum import Mangum
from model import predict
from schema import PredictRequest, PredictResponse

logger = Logger(service="inference")
metrics = Metrics(namespace="Usual", service="inference")
tracer = Tracer(service="inference")

app = FastAPI(title="breast-cancer")


@app.post("/models/breast-cancer/predict")
def predict_rows(request: PredictRequest) -> PredictResponse:
    """One prediction a row."""
    with tracer.provider.in_subsegment("predict"):
        predictions = predict(request.instances)
    metrics.add_metric(name="Rows", unit=MetricUnit.Count, value=len(predictions))
    logger.info("predicted", extra={"rows": len(predictions)})
    return PredictResponse(predictions=predictions)


adapter = Mangum(app, lifespan="off")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway's proxy event in, its response out."""
    return adapter(event, context)
