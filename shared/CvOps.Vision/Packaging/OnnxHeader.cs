using System.Text;

namespace CvOps.Vision.Packaging;

/// <summary>What an ONNX file says of itself before its graph (onnx.proto, ModelProto): read without a runtime, so also of a model that none here runs.</summary>
/// <param name="IrVersion">Version of the file's form.</param>
/// <param name="Opsets">Version of the operators by domain; "" is ONNX's own.</param>
public sealed record OnnxHeader(long IrVersion, string Producer, IReadOnlyDictionary<string, long> Opsets)
{
    private const int IrVersionField = 1;
    private const int ProducerField = 2;
    private const int ProducerVersionField = 3;
    private const int OpsetField = 8;

    /// <summary>Opset of ONNX's own operators; 0 when the file names none.</summary>
    public long Opset => Opsets.GetValueOrDefault("");

    /// <exception cref="ModelException">The bytes are no ONNX protobuf.</exception>
    public static OnnxHeader Read(ReadOnlySpan<byte> onnx)
    {
        var (ir, producer, version) = (0L, "", "");
        var opsets = new Dictionary<string, long>();
        var fields = new ProtoFields(onnx);
        while (fields.Next())
        {
            if (fields.Number == IrVersionField) ir = fields.Value;
            else if (fields.Number == ProducerField) producer = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == ProducerVersionField) version = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == OpsetField) AddOpset(fields.Bytes, opsets);
        }

        return new OnnxHeader(ir, $"{producer} {version}".Trim(), opsets);
    }

    private static void AddOpset(ReadOnlySpan<byte> message, Dictionary<string, long> opsets)
    {
        var (domain, version) = ("", 0L);
        var fields = new ProtoFields(message);
        while (fields.Next())
        {
            if (fields.Number == 1) domain = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == 2) version = fields.Value;
        }

        opsets[domain is "ai.onnx" ? "" : domain] = version;
    }
}
