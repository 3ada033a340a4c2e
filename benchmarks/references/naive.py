"""The service of every tutorial: FastAPI and ONNX Runtime under uvicorn. ``uvicorn naive:app``."""

from fastapi import FastAPI
from model import predict
from schema import PredictRequest, PredictResponse

app = FastAPI(title="breast-cancer")


@app.post("/models/breast-cancer/predict")
def predict_rows(request: PredictRequest) -> PredictResponse:
    """One prediction a row."""
    return PredictResponse(predictions=predict(request.instances))
