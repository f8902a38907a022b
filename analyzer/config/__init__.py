"""What a project settles once: `delegate-analyzer.toml`, or `[tool.delegate-analyzer]` in `pyproject.toml`.

    required-version = ">=0.1,<0.3"          # of this tool
    delegates = ["gpu", "gpu:quantized=false"]      # what `audit` asks where -d names none
    for = "android"                          # or the platform whose delegates it asks
    fail-on = ["unsupported", "gpu:partial"]
    warn-on = ["hazard"]                     # told, but the exit code stays
    baseline = "ci/baseline.json"            # what is known, so that only what is new fails
    rules = ["ci/npu.toml"]                  # further rule files, relative to this one
    registered = ["MyOp", "Flex*"]           # custom operators that the app has kernels for
    runtime = "2.3"                          # for every pack that has this parameter

    exclude = ["archive/*"]                  # models that aren't audited
    devices = ["pixel-8", "iphones"]         # whose delegates are asked beside those

    [[targets]]                              # what else holds for some of the models
    models = "detectors/*"
    for = "ios"
    fail-on = ["partial"]

    [packs.gpu]                              # a pack pinned, and parameters where a SPEC gives none
    version = "1"
    sha256 = "..."
    parameters = {quantized = false}

    [[waivers]]                              # a finding that is excused: which, why, until when
    rule = "gpu/arg-max/*"
    tensor = "head/*"
    reason = "the app picks the class"
    expires = 2027-03-31

Options on the command line come before all of it.
"""
