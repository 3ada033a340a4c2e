"""One row of the model ``breast-cancer`` as a pydantic model, as people write one by hand; the manifest's ranges."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Instance(BaseModel):
    """The figures of one mass."""

    model_config = ConfigDict(extra="forbid")

    mean_radius: Annotated[float, Field(ge=1, le=100)]
    mean_texture: Annotated[float, Field(ge=0, le=128)]
    mean_perimeter: Annotated[float, Field(ge=5, le=700)]
    mean_area: Annotated[float, Field(ge=3, le=30000)]
    mean_smoothness: Annotated[float, Field(ge=0, le=1)]
    mean_compactness: Annotated[float, Field(ge=0, le=10)]
    mean_concavity: Annotated[float, Field(ge=0, le=10)]
    mean_concave_points: Annotated[float, Field(ge=0, le=1)]
    mean_symmetry: Annotated[float, Field(ge=0, le=1)]
    mean_fractal_dimension: Annotated[float, Field(ge=0, le=1)]
    radius_error: Annotated[float, Field(ge=0, le=20)]
    texture_error: Annotated[float, Field(ge=0, le=64)]
    perimeter_error: Annotated[float, Field(ge=0, le=200)]
    area_error: Annotated[float, Field(ge=0, le=6000)]
    smoothness_error: Annotated[float, Field(ge=0, le=1)]
    compactness_error: Annotated[float, Field(ge=0, le=10)]
    concavity_error: Annotated[float, Field(ge=0, le=10)]
    concave_points_error: Annotated[float, Field(ge=0, le=1)]
    symmetry_error: Annotated[float, Field(ge=0, le=1)]
    fractal_dimension_error: Annotated[float, Field(ge=0, le=1)]
    worst_radius: Annotated[float, Field(ge=1, le=100)]
    worst_texture: Annotated[float, Field(ge=0, le=128)]
    worst_perimeter: Annotated[float, Field(ge=5, le=700)]
    worst_area: Annotated[float, Field(ge=3, le=30000)]
    worst_smoothness: Annotated[float, Field(ge=0, le=1)]
    worst_compactness: Annotated[float, Field(ge=0, le=10)]
    worst_concavity: Annotated[float, Field(ge=0, le=10)]
    worst_concave_points: Annotated[float, Field(ge=0, le=1)]
    worst_symmetry: Annotated[float, Field(ge=0, le=1)]
    worst_fractal_dimension: Annotated[float, Field(ge=0, le=1)]


class PredictRequest(BaseModel):
    """Rows to predict."""

    instances: Annotated[list[Instance], Field(min_length=1, max_length=1000)]


class Prediction(BaseModel):
    """A label, its probability, and every label's."""

    label: str
    probability: float
    probabilities: dict[str, float]


class PredictResponse(BaseModel):
    """One prediction a row."""

    predictions: list[Prediction]
