using Google.Protobuf;

namespace CvOps.Agent.Integrations.Sparkplug;

/// <summary>
/// The payload of Sparkplug B 3.0 in Protocol Buffers, as much of it as an edge node of plain metrics needs. The field numbers are those of
/// <c>sparkplug_b.proto</c>.
/// </summary>
internal static class SparkplugPayload
{
    public const string Rebirth = "Node Control/Rebirth";

    // Payload
    private const int Timestamp = 1, Metrics = 2, Sequence = 3;

    // Payload.Metric
    private const int Name = 1, MetricTimestamp = 3, DataType = 4, IsNull = 7, LongValue = 11, DoubleValue = 13, BooleanValue = 14, StringValue = 15;

    /// <param name="sequence">0..255; null for a death certificate, which has none.</param>
    public static byte[] Write(DateTimeOffset at, int? sequence, IReadOnlyList<SparkplugMetric> metrics)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            var time = (ulong)at.ToUnixTimeMilliseconds();
            output.WriteTag(Timestamp, WireFormat.WireType.Varint);
            output.WriteUInt64(time);
            foreach (var metric in metrics)
            {
                output.WriteTag(Metrics, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(Write(metric, time)));
            }
            if (sequence is { } number)
            {
                output.WriteTag(Sequence, WireFormat.WireType.Varint);
                output.WriteUInt64((ulong)number);
            }
        }
        return bytes.ToArray();
    }

    /// <summary>Whether a command asks for a rebirth. Anything that is no such payload does not.</summary>
    public static bool AsksForRebirth(ReadOnlySpan<byte> payload)
    {
        try
        {
            using var input = new CodedInputStream(payload.ToArray());
            while (input.ReadTag() is > 0 and var tag)
            {
                if (WireFormat.GetTagFieldNumber(tag) == Metrics && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                {
                    if (IsRebirth(input.ReadBytes().ToByteArray())) return true;
                }
                else
                {
                    input.SkipLastField();
                }
            }
            return false;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static bool IsRebirth(byte[] metric)
    {
        using var input = new CodedInputStream(metric);
        var (named, wanted) = (false, false);
        while (input.ReadTag() is > 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag))
            {
                case (Name, WireFormat.WireType.LengthDelimited): named = input.ReadString() == Rebirth; break;
                case (BooleanValue, WireFormat.WireType.Varint): wanted = input.ReadBool(); break;
                default: input.SkipLastField(); break;
            }
        }
        return named && wanted;
    }

    private static byte[] Write(SparkplugMetric metric, ulong time)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(Name, WireFormat.WireType.LengthDelimited);
            output.WriteString(metric.Name);
            output.WriteTag(MetricTimestamp, WireFormat.WireType.Varint);
            output.WriteUInt64(time);
            output.WriteTag(DataType, WireFormat.WireType.Varint);
            output.WriteUInt32((uint)metric.Type);
            switch (metric.Value)
            {
                case ulong number:
                    output.WriteTag(LongValue, WireFormat.WireType.Varint);
                    output.WriteUInt64(number);
                    break;
                case double number:
                    output.WriteTag(DoubleValue, WireFormat.WireType.Fixed64);
                    output.WriteDouble(number);
                    break;
                case bool flag:
                    output.WriteTag(BooleanValue, WireFormat.WireType.Varint);
                    output.WriteBool(flag);
                    break;
                case string text:
                    output.WriteTag(StringValue, WireFormat.WireType.LengthDelimited);
                    output.WriteString(text);
                    break;
                default:
                    output.WriteTag(IsNull, WireFormat.WireType.Varint);
                    output.WriteBool(true);
                    break;
            }
        }
        return bytes.ToArray();
    }
}
