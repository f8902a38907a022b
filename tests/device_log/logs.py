"""Logs in the shapes that phones, benchmark_model and Xcode give them, with what they are about made up."""

from __future__ import annotations

import io

from analyzer.device_log.line_catalogue import line_catalogue
from analyzer.device_log.log_document import LogDocument
from analyzer.device_log.log_reader import LogReader, text_lines


def read(text: str | bytes, path: str = "a.log") -> LogDocument:
    """What a log says."""
    reader = LogReader(line_catalogue())
    for line in text_lines(io.BytesIO(text.encode() if isinstance(text, str) else text)):
        reader.read(line)
    return reader.document(path)


def logcat(text: str, tag: str = "tflite", level: str = "I") -> str:
    """Lines as `adb logcat` shows them, others' between them."""
    other = "11-02 09:14:07.001  2201  2240 D Camera2: frame 12: MAX: 3 of 4 buffers\n"
    return "".join(
        f"{other}11-02 09:14:07.{120 + n:03} 14021 14066 {level} {tag}  : {line}\n"
        for n, line in enumerate(text.strip().splitlines())
    )


#: The classic GPU delegate on the sample, whose 28 of 50 operators it takes in one part.
CLASSIC = """\
Initialized TensorFlow Lite runtime.
Created TensorFlow Lite delegate for GPU.
Following operations are not supported by GPU delegate:
ARG_MAX: Operation is not supported.
BATCH_TO_SPACE_ND: Operation is not supported.
CAST: OP is supported, but tensor type/shape isn't compatible.
SPACE_TO_BATCH_ND: Operation is not supported.
CUSTOM TFLite_Detection_PostProcess: TFLite_Detection_PostProcess
28 operations will run on the GPU, and the remaining 22 operations will run on the CPU.
Replacing 28 out of 50 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 2 partitions.
Initialized OpenCL-based API.
Created 1 GPU delegate kernels.
"""

#: An app's exception: everything in one text, from Android 12 on.
NO_OPENCL = """\
E AndroidRuntime: FATAL EXCEPTION: main
E AndroidRuntime: java.lang.IllegalArgumentException: Internal error: Failed to apply delegate: \
Can not open OpenCL library on this device - dlopen failed: library "libOpenCL.so" not found
E AndroidRuntime: Falling back to OpenGL
E AndroidRuntime: TfLiteGpuDelegate Init: No shader implementation for transpose
E AndroidRuntime: TfLiteGpuDelegate Prepare: delegate is not initialized
E AndroidRuntime: Node number 61 (TfLiteGpuDelegateV2) failed to prepare.
E AndroidRuntime: Restored original execution plan after delegate application failure.
E AndroidRuntime: \tat org.tensorflow.lite.NativeInterpreterWrapper.createInterpreter(Native Method)
"""

#: TensorFlow Lite of 2020.
OLD = """\
I/tflite: Created TensorFlow Lite delegate for GPU.
E/tflite: Next operations are not supported by GPU delegate:
    MEAN: Operation is not supported.
    First 60 operations will run on the GPU, and the remaining 7 on the CPU.
"""

BENCHMARK = """\
STARTING!
Use NNAPI: [1]
NNAPI accelerators available: [vendor-dsp,nnapi-reference]
Loaded model /data/local/tmp/m.tflite
INFO: Created TensorFlow Lite delegate for NNAPI.
NNAPI delegate created.
Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
Inference timings in us: Init: 28871, First inference: 10652, Warmup (avg): 9731.5, Inference (avg): 9605.25
"""

NNAPI_ERROR = """\
E tflite: NN API returned error ANEURALNETWORKS_BAD_DATA at line 1068 \
while setting new operand value for tensor 'pow/y'.
E tflite: Node number 12 (TfLiteNnapiDelegate) failed to prepare.
"""

XCODE = """\
2026-01-09 18:02:11.334512+0100 Demo[812:99121] Initialized TensorFlow Lite runtime.
2026-01-09 18:02:11.401230+0100 Demo[812:99121] coreml_version must be 2 or 3. Setting to 3.
INFO: CoreML delegate: 71 nodes delegated out of 75 nodes, with 2 partitions.

2026-01-09 18:02:13.900001+0100 Demo[812:99121] Error compiling model compiler error: bias of 0 elements
"""

HEXAGON = """\
WARNING: Failed to fetch Hexagon NN version. The two libraries may not fit.
INFO: Hexagon Delegate is not supported.
Could not create Hexagon delegate: platform may not support delegate or required libraries are missing
"""

NPU = """\
I litert  : [npu_registry.cc:30] NPU accelerator registered.
I litert  : [litert_dispatch.cc:131] Loading shared library: /data/app/demo/libLiteRtDispatch_Qualcomm.so
I qnn     : INFO: [Qnn] Using online SoC info. SoC name: SM8750.
I litert  : [compiler_plugin.cc:740] Partitioned subgraph<0>, selected 41 ops, \
from a total of 50 ops. resulted in 3 partitions.
E litert  : [qnn_manager.cc:494] Failed to create QNN context: 1002
E litert  : [dispatch_delegate.cc:130] Failed to create a kernel: No usable Dispatch runtime found
"""

#: An iPhone through Unity, whose reporter fills nothing in, with what Xcode adds.
METAL = """\
2025-03-02 17:03:43.600100+0100 Demo[510:11326] Metal GPU Frame Capture Enabled
2025-03-02 17:03:43.600200+0100 Demo[510:11326] Metal API Validation Enabled
2025-03-02 17:03:43.637230+0100 Demo[510:11326] Created TensorFlow Lite delegate for Metal.
INFO: Created TensorFlow Lite delegate for Metal.
Demo Warning: Following operations are not supported by GPU delegate:
CUSTOM TFLite_Detection_PostProcess: TFLite_Detection_PostProcess
49 operations will run on the GPU, and the remaining 1 operations will run on the CPU.
Demo.Interpreter:.ctor(Byte[], InterpreterOptions)
Demo Warning: TfLiteMetalDelegate Prepare: %s
Failed to create the interpreter.
"""

#: LiteRT on an iPhone, by Abseil's log.
LITERT_METAL = """\
E0000 00:00:1780896604.585019 61022 delegate_metal.mm:126] Failed to create DelegateKernelLiteRtMetal: \
INTERNAL: program_source:93:51: error: use of undeclared identifier 'q0'
E0000 00:00:1780896604.585120 61022 delegate_metal.mm:140] Metal delegate kernel initialization failed.
ERROR: Node number 50 (LITERT_METAL) failed to prepare.
"""

#: Core ML below the delegate, which says that numbers ran over.
NEURAL_ENGINE = """\
2026-02-14 18:13:53.9896+0200 Demo[177:434] [espresso] [Espresso::ANERuntimeEngine::__forward_segment 0] \
evaluate[RealTime]WithModel returned 0; code=5 err=Error Domain=com.apple.appleneuralengine Code=5 \
"processRequest:model:qos:qIndex:modelStringID:options:error:: 0x2: Program Inference overflow"
2026-02-14 18:13:53.9897+0200 Demo[177:434] [espresso] [Espresso::overflow_error] /tmp/x.mlmodelc/model.net:0
2026-02-14 18:13:53.9899+0200 Demo[177:434] Error executing model: Error computing NN outputs.
"""

#: What benchmark_model says of its options.
OPTIONS = """\
Use gpu: [1]
Max number of delegated partitions: [4]
GPU backend: [gl]
Allow lower precision in gpu: [0]
INFO: Created TensorFlow Lite delegate for GPU.
Explicitly applied GPU delegate, and the model graph will be partially executed by the delegate \
w/ 1 delegate kernels.
"""
