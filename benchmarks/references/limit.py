"""What no handler in Python can go below: the library is loaded and its environment made, and no model is run.

Source: onnxruntime_c_api.h: OrtGetApiBase, and CreateEnv as the fourth function of OrtApi.
"""

import ctypes
import os
import sys

_folder = next(folder for folder in map("{}/onnxruntime/capi".format, sys.path) if os.path.isdir(folder))  # noqa: PTH112
_file = next(file for file in os.listdir(_folder) if file.startswith("libonnxruntime.so."))  # noqa: PTH208
_library = ctypes.CDLL(f"{_folder}/{_file}")
_library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
_get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(_library.OrtGetApiBase()[0])
_functions = ctypes.cast(_get_api(20), ctypes.POINTER(ctypes.c_void_p))
_create = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p))
_environment = ctypes.c_void_p()
if _create(_functions[3])(4, b"limit", ctypes.byref(_environment)):
    sys.exit("ONNX Runtime refused its environment")


def lambda_handler(event, context):
    """Nothing is predicted."""
    return {"statusCode": 200, "headers": {}, "body": "{}"}
