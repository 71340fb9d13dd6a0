using System.Text;
using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Sampling;

/// <summary>The smallest classifier there is: the mean of each channel is the logit of a class. Written here as ONNX, so that nothing has to be fetched.</summary>
internal static class TinyModel
{
    private const int Side = 4;

    public static ModelManifest Manifest { get; } = new()
    {
        Name = "tiny", Version = "1", Task = ModelTask.Classification, Classes = ["red", "green", "blue"],
        Input = new InputSpec { Name = "images", Width = Side, Height = Side },
        Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] },
    };

    public static LoadedModel Load(string version = "1", ReferenceProfile? profile = null)
    {
        var manifest = Manifest with { Version = version };
        return new LoadedModel(new ModelRef("tiny", version, "digest-" + version), ModelSession.Open(Onnx(), manifest, new SessionSettings(AllowGpu: false)), profile);
    }

    /// <summary>ModelProto of onnx.proto3, fields by number.</summary>
    public static byte[] Onnx() =>
    [
        .. Number(1, 8), // ir_version
        .. Message(7, [
            .. Node("GlobalAveragePool", "images", "means"),
            .. Node("Flatten", "means", "logits"),
            .. Text(2, "tiny"),
            .. Message(11, Value("images", 1, 3, Side, Side)),
            .. Message(12, Value("logits", 1, 3)),
        ]),
        .. Message(8, [.. Text(1, ""), .. Number(2, 13)]), // opset 13
    ];

    private static byte[] Node(string op, string input, string output) => Message(1, [.. Text(1, input), .. Text(2, output), .. Text(4, op)]);

    private static byte[] Value(string name, params int[] shape) =>
    [
        .. Text(1, name),
        .. Message(2, Message(1, [.. Number(1, 1), .. Message(2, [.. shape.SelectMany(side => Message(1, Number(1, side)))])])),
    ];

    private static byte[] Number(int field, int value) => [(byte)(field << 3), .. Varint(value)];

    private static byte[] Text(int field, string text) => Message(field, Encoding.ASCII.GetBytes(text));

    private static byte[] Message(int field, byte[] body) => [(byte)((field << 3) | 2), .. Varint(body.Length), .. body];

    private static byte[] Varint(int value) => value < 128 ? [(byte)value] : [(byte)(value | 128), .. Varint(value >> 7)];
}
