"""What ONNX Runtime 1.31 runs on a CPU. Written by `make docs` (.ci/operators.py)."""

from typing import Final

NEWEST_IR: Final = 13
NEWEST_OPSETS: Final = {"ai.onnx": 26, "ai.onnx.ml": 5}

_ENTRIES: Final = """
ai.onnx.Abs=0 ai.onnx.Acos=0 ai.onnx.Acosh=0 ai.onnx.Add=0 ai.onnx.AffineGrid=0 ai.onnx.And=- ai.onnx.ArgMax=i
ai.onnx.ArgMin=i ai.onnx.Asin=0 ai.onnx.Asinh=0 ai.onnx.Atan=0 ai.onnx.Atanh=0 ai.onnx.Attention=0,0,2,0
ai.onnx.AveragePool=0 ai.onnx.BatchNormalization=0,?,?,0,0 ai.onnx.Bernoulli=? ai.onnx.BitCast=? ai.onnx.BitShift=0
ai.onnx.BitwiseAnd=0 ai.onnx.BitwiseNot=0 ai.onnx.BitwiseOr=0 ai.onnx.BitwiseXor=0 ai.onnx.BlackmanWindow=?
ai.onnx.Cast=? ai.onnx.CastLike=1 ai.onnx.CausalConvWithState=0,0 ai.onnx.Ceil=0 ai.onnx.Celu=0
ai.onnx.CenterCropPad=0 ai.onnx.Clip=0 ai.onnx.Col2Im=0 ai.onnx.Compress=0 ai.onnx.Concat=0
ai.onnx.ConcatFromSequence=? ai.onnx.Constant=? ai.onnx.ConstantOfShape=? ai.onnx.Conv=0 ai.onnx.ConvInteger=i
ai.onnx.ConvTranspose=0 ai.onnx.Cos=0 ai.onnx.Cosh=0 ai.onnx.CumProd=0 ai.onnx.CumSum=0 ai.onnx.DFT=0
ai.onnx.DeformConv=0 ai.onnx.DepthToSpace=0 ai.onnx.DequantizeLinear=1 ai.onnx.Det=0 ai.onnx.Div=0 ai.onnx.Dropout=0,0
ai.onnx.DynamicQuantizeLinear=-,-,- ai.onnx.Einsum=0 ai.onnx.Elu=0 ai.onnx.Equal=- ai.onnx.Erf=0 ai.onnx.Exp=0
ai.onnx.Expand=0 ai.onnx.EyeLike=? ai.onnx.Flatten=0 ai.onnx.Floor=0 ai.onnx.GRU=0,0 ai.onnx.Gather=0
ai.onnx.GatherElements=0 ai.onnx.GatherND=0 ai.onnx.Gelu=0 ai.onnx.Gemm=0 ai.onnx.GlobalAveragePool=0
ai.onnx.GlobalLpPool=0 ai.onnx.GlobalMaxPool=0 ai.onnx.Greater=- ai.onnx.GreaterOrEqual=- ai.onnx.GridSample=0
ai.onnx.GroupNormalization=0 ai.onnx.HammingWindow=? ai.onnx.HannWindow=? ai.onnx.HardSigmoid=0 ai.onnx.HardSwish=0
ai.onnx.Hardmax=0 ai.onnx.Identity=0 ai.onnx.If=? ai.onnx.InstanceNormalization=0 ai.onnx.IsInf=- ai.onnx.IsNaN=-
ai.onnx.LRN=0 ai.onnx.LSTM=0,0,0 ai.onnx.LayerNormalization=0,-,- ai.onnx.LeakyRelu=0 ai.onnx.Less=-
ai.onnx.LessOrEqual=- ai.onnx.LinearAttention=0,3 ai.onnx.Log=0 ai.onnx.LogSoftmax=0 ai.onnx.Loop=2
ai.onnx.LpNormalization=0 ai.onnx.LpPool=0 ai.onnx.MatMul=0 ai.onnx.MatMulInteger=i ai.onnx.Max=0 ai.onnx.MaxPool=0,i
ai.onnx.MaxRoiPool=0 ai.onnx.MaxUnpool=0 ai.onnx.Mean=0 ai.onnx.MeanVarianceNormalization=0 ai.onnx.MelWeightMatrix=?
ai.onnx.Min=0 ai.onnx.Mish=0 ai.onnx.Mod=0 ai.onnx.Mul=0 ai.onnx.Multinomial=i ai.onnx.Neg=0
ai.onnx.NegativeLogLikelihoodLoss=0 ai.onnx.NonMaxSuppression=i ai.onnx.NonZero=i ai.onnx.Not=- ai.onnx.OneHot=2
ai.onnx.Optional=? ai.onnx.OptionalGetElement=? ai.onnx.OptionalHasElement=- ai.onnx.Or=- ai.onnx.PRelu=0
ai.onnx.Pad=0 ai.onnx.Pow=0 ai.onnx.QLinearConv=7 ai.onnx.QLinearMatMul=7 ai.onnx.QuantizeLinear=2
ai.onnx.RMSNormalization=1 ai.onnx.RNN=0,0 ai.onnx.RandomNormal=- ai.onnx.RandomNormalLike=- ai.onnx.RandomUniform=-
ai.onnx.RandomUniformLike=- ai.onnx.Range=0 ai.onnx.Reciprocal=0 ai.onnx.ReduceL1=0 ai.onnx.ReduceL2=0
ai.onnx.ReduceLogSum=0 ai.onnx.ReduceLogSumExp=0 ai.onnx.ReduceMax=0 ai.onnx.ReduceMean=0 ai.onnx.ReduceMin=0
ai.onnx.ReduceProd=0 ai.onnx.ReduceSum=0 ai.onnx.ReduceSumSquare=0 ai.onnx.RegexFullMatch=- ai.onnx.Relu=0
ai.onnx.Reshape=0 ai.onnx.Resize=0 ai.onnx.ReverseSequence=0 ai.onnx.RoiAlign=0 ai.onnx.RotaryEmbedding=0
ai.onnx.Round=0 ai.onnx.STFT=0 ai.onnx.Scan=? ai.onnx.Scatter=0 ai.onnx.ScatterElements=0 ai.onnx.ScatterND=0
ai.onnx.Selu=0 ai.onnx.SequenceAt=? ai.onnx.SequenceConstruct=? ai.onnx.SequenceEmpty=? ai.onnx.SequenceErase=0
ai.onnx.SequenceInsert=0 ai.onnx.SequenceLength=i ai.onnx.SequenceMap=0 ai.onnx.Shape=i ai.onnx.Shrink=0
ai.onnx.Sigmoid=0 ai.onnx.Sign=0 ai.onnx.SimplifiedLayerNormalization=1,- ai.onnx.Sin=0 ai.onnx.Sinh=0 ai.onnx.Size=i
ai.onnx.Slice=0 ai.onnx.Softmax=0 ai.onnx.SoftmaxCrossEntropyLoss=0,0 ai.onnx.Softplus=0 ai.onnx.Softsign=0
ai.onnx.SpaceToDepth=0 ai.onnx.Split=0 ai.onnx.SplitToSequence=? ai.onnx.Sqrt=0 ai.onnx.Squeeze=0
ai.onnx.StringConcat=- ai.onnx.StringNormalizer=- ai.onnx.StringSplit=-,i ai.onnx.Sub=0 ai.onnx.Sum=0 ai.onnx.SwiGLU=0
ai.onnx.Swish=0 ai.onnx.Tan=0 ai.onnx.Tanh=0 ai.onnx.TensorScatter=0 ai.onnx.TfIdfVectorizer=-
ai.onnx.ThresholdedRelu=0 ai.onnx.Tile=0 ai.onnx.TopK=0,i ai.onnx.Transpose=0 ai.onnx.Trilu=0 ai.onnx.Unique=0,i,i,i
ai.onnx.Unsqueeze=0 ai.onnx.Upsample=0 ai.onnx.Where=1 ai.onnx.Xor=- ai.onnx.ml.ArrayFeatureExtractor=0
ai.onnx.ml.Binarizer=0 ai.onnx.ml.CastMap=? ai.onnx.ml.CategoryMapper=? ai.onnx.ml.DictVectorizer=?
ai.onnx.ml.FeatureVectorizer=- ai.onnx.ml.Imputer=0 ai.onnx.ml.LabelEncoder=? ai.onnx.ml.LinearClassifier=?,-
ai.onnx.ml.LinearRegressor=- ai.onnx.ml.Normalizer=- ai.onnx.ml.OneHotEncoder=- ai.onnx.ml.SVMClassifier=?,-
ai.onnx.ml.SVMRegressor=- ai.onnx.ml.Scaler=- ai.onnx.ml.TreeEnsemble=0 ai.onnx.ml.TreeEnsembleClassifier=?,-
ai.onnx.ml.TreeEnsembleRegressor=- ai.onnx.ml.ZipMap=? com.microsoft.Attention=0,0 com.microsoft.BiasGelu=0
com.microsoft.DequantizeLinear=1 com.microsoft.DynamicQuantizeLSTM=-,-,- com.microsoft.DynamicQuantizeMatMul=-
com.microsoft.EmbedLayerNormalization=2,i,2 com.microsoft.FastGelu=0 com.microsoft.FusedConv=0
com.microsoft.FusedGemm=0 com.microsoft.FusedMatMul=0 com.microsoft.Gelu=0 com.microsoft.MatMulIntegerToFloat=2
com.microsoft.MatMulNBits=0 com.microsoft.NhwcMaxPool=0 com.microsoft.QAttention=2,2 com.microsoft.QGemm=-
com.microsoft.QLinearAdd=0 com.microsoft.QLinearAveragePool=0 com.microsoft.QLinearConcat=1
com.microsoft.QLinearConv=7 com.microsoft.QLinearGlobalAveragePool=0 com.microsoft.QLinearLeakyRelu=0
com.microsoft.QLinearMul=0 com.microsoft.QLinearSigmoid=0 com.microsoft.QLinearSoftmax=0 com.microsoft.QLinearWhere=1
com.microsoft.QuantizeLinear=2 com.microsoft.QuickGelu=0 com.microsoft.SkipLayerNormalization=0,-,-,0
com.microsoft.SkipSimplifiedLayerNormalization=0,-,-,0 com.microsoft.nchwc.AveragePool=- com.microsoft.nchwc.Conv=-
com.microsoft.nchwc.GlobalAveragePool=- com.microsoft.nchwc.GlobalMaxPool=- com.microsoft.nchwc.MaxPool=-
com.microsoft.nchwc.ReorderInput=- com.microsoft.nchwc.ReorderOutput=- com.microsoft.nchwc.Upsample=-
"""
OPERATORS: Final = dict(entry.split("=") for entry in _ENTRIES.split())
"""Allowed operators, each with what its outputs hold: ``i`` always INT32 or INT64, ``-`` never, ``?`` by its
attributes, a number the type of that input. The last one stands for all further outputs."""
