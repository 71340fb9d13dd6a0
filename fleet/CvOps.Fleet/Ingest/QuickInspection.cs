using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Reads an inspection that has exactly the form <see cref="InspectionWriter"/> gives it: one pass over the bytes, a tenth of the serializer's time.
/// Anything else, however slight, it leaves to the serializer, so what is refused and what is taken is the serializer's word alone.
/// </summary>
internal static class QuickInspection
{
    /// <param name="names">Keeps the few texts that come again and again.</param>
    /// <returns>False when the bytes have another form, sound or not.</returns>
    public static bool TryRead(ParsedTopic topic, ReadOnlyMemory<byte> payload, NamePool names, [NotNullWhen(true)] out Inspection? inspection)
    {
        inspection = null;
        var text = new JsonCursor(payload.Span);
        if (!text.Take("{\"origin\":{\"device\":\""u8) || !text.Text(out var device) || !Same(device, topic.Device.Value)) return false;
        if (!text.Take(",\"boot\":"u8) || !text.Whole(out var boot) || !text.Take(",\"sequence\":"u8) || !text.Whole(out var sequence)) return false;
        var stream = 0L;
        if (text.Take(",\"stream\":"u8) && !text.Whole(out stream)) return false;
        if (boot < 1 || sequence < 1 || stream is < 0 or > Limits.Streams) return false;
        ReadOnlySpan<byte> trace = default;
        if (!text.Take("}"u8)) return false;
        var hasTrace = text.Take(",\"trace\":\""u8);
        if (hasTrace && !text.Text(out trace)) return false;
        if (!text.Take(",\"camera\":\""u8) || !text.Text(out var camera) || topic.Camera is not { } own || !Same(camera, own.Value)) return false;
        if (!text.Take(",\"frame\":"u8) || !text.Whole(out var frame) || !text.Take(",\"connection\":"u8) || !text.Whole(out var connection) || connection is < int.MinValue or > int.MaxValue) return false;
        ReadOnlySpan<byte> part = default;
        var hasPart = text.Take(",\"part\":\""u8);
        if (hasPart && !text.Text(out part)) return false;
        if (!text.Take(",\"capturedAt\":\""u8) || !text.Text(out var captured) || !TryTime(captured, out var capturedAt)) return false;
        if (!text.Take(",\"timeSource\":\""u8) || !text.Text(out var source) || !(source.SequenceEqual("Rtcp"u8) || source.SequenceEqual("Host"u8) || source.SequenceEqual("Container"u8))) return false;
        if (!text.Take(",\"timeUncertaintyMs\":"u8) || !text.Number(out _)) return false;
        if (!text.Take(",\"model\":"u8) || !Model(ref text, names, out var model)) return false;
        if (!text.Take(",\"prediction\":"u8) || !Prediction(ref text, names, out var prediction)) return false;
        InspectionShadow? shadow = null;
        if (text.Take(",\"shadow\":{\"model\":"u8))
        {
            if (!Model(ref text, names, out var other) || !text.Take(",\"prediction\":"u8) || !Prediction(ref text, names, out var said) || !text.Take("}"u8)) return false;
            shadow = new InspectionShadow(other.Digest, said.Class, said.Confidence, said.Reject);
        }
        if (!text.Take(",\"timings\":{\"queueMs\":"u8) || !text.Number(out _) || !text.Take(",\"preprocessMs\":"u8) || !Value(ref text, out var preprocess)
            || !text.Take(",\"inferenceMs\":"u8) || !Value(ref text, out var inference) || !text.Take(",\"decodeMs\":"u8) || !Value(ref text, out var decode) || !text.Take("}"u8)) return false;
        ReadOnlySpan<byte> error = default;
        var hasError = text.Take(",\"error\":\""u8);
        if (hasError && !text.Text(out error)) return false;
        if (!text.Take("}"u8) || !text.AtEnd) return false;
        inspection = new Inspection
        {
            Origin = new Origin(topic.Device, boot, sequence, (int)stream), Trace = !hasTrace ? null : System.Text.Encoding.ASCII.GetString(trace), Camera = own, Frame = frame, Connection = (int)connection, Part = hasPart ? System.Text.Encoding.ASCII.GetString(part) : null,
            CapturedAt = capturedAt, Model = model, Class = prediction.Class, Confidence = prediction.Confidence, Reject = prediction.Reject,
            LatencyUs = Inspection.Microseconds(preprocess + inference + decode), Shadow = shadow, Error = hasError ? names.Get(error) : null,
            Detections = prediction.Boxes.End.Value > prediction.Boxes.Start.Value ? payload[prediction.Boxes] : default,
        };
        return true;
    }

    private readonly record struct Said(string? Class, double Confidence, Range Boxes, bool Reject);

    private static bool Model(ref JsonCursor text, NamePool names, [NotNullWhen(true)] out ModelRef? model)
    {
        model = null;
        if (!text.Take("{\"name\":\""u8) || !text.Text(out var name) || !text.Take(",\"version\":\""u8) || !text.Text(out var version)
            || !text.Take(",\"digest\":\""u8) || !text.Text(out var digest) || !text.Take("}"u8)) return false;
        model = names.Model(name, version, digest);
        return true;
    }

    /// <summary>Without labels, anomaly score and areas: their models send fewer and longer reports.</summary>
    private static bool Prediction(ref JsonCursor text, NamePool names, out Said said)
    {
        said = default;
        ReadOnlySpan<byte> name = default;
        if (!text.Take("{"u8)) return false;
        var named = text.Take("\"class\":\""u8);
        if (named && (!text.Text(out name) || !text.Take(","u8))) return false;
        if (!text.Take("\"confidence\":"u8) || !Value(ref text, out var confidence)) return false;
        if (!text.Take(",\"margin\":"u8) || !text.Number(out _) || !text.Take(",\"entropy\":"u8) || !text.Number(out _) || !text.Take(",\"detections\":["u8)) return false;
        var (start, count) = (text.Position - 1, 0);
        for (; !text.Take("]"u8); count++)
            if ((count > 0 && !text.Take(","u8)) || !Box(ref text)) return false;
        var end = text.Position;
        var reject = text.Take(",\"reject\":true}"u8);
        if (!reject && !text.Take(",\"reject\":false}"u8)) return false;
        said = new Said(named ? names.Get(name) : null, confidence, count == 0 ? default : start..end, reject);
        return true;
    }

    private static bool Value(ref JsonCursor text, out double value)
    {
        value = 0;
        return text.Number(out var digits) && Utf8Parser.TryParse(digits, out value, out var read) && read == digits.Length && double.IsFinite(value);
    }

    private static bool Box(ref JsonCursor text)
    {
        if (!text.Take("{\"class\":\""u8) || !text.Text(out _) || !text.Take(",\"score\":"u8) || !text.Number(out _) || !text.Take(",\"x\":"u8) || !text.Number(out _)
            || !text.Take(",\"y\":"u8) || !text.Number(out _) || !text.Take(",\"width\":"u8) || !text.Number(out _) || !text.Take(",\"height\":"u8) || !text.Number(out _)) return false;
        if (text.Take(",\"track\":"u8) && !text.Whole(out _)) return false;
        if (text.Take(",\"angle\":"u8) && !text.Number(out _)) return false;
        return text.Take("}"u8);
    }

    private static bool TryTime(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        // A time of UTC as Utf8JsonWriter writes it, zeros at its end left out, which the parser wants back. Others are the serializer's.
        const int Seconds = 19, Full = 33;
        time = default;
        if (text.Length is < 25 or 26 or > Full || !text.EndsWith("+00:00"u8) || (text.Length > 25 && text[Seconds] != '.')) return false;
        Span<byte> full = stackalloc byte[Full];
        "0000-00-00T00:00:00.0000000+00:00"u8.CopyTo(full);
        text[..^6].CopyTo(full);
        return Utf8Parser.TryParse(full, out time, out var read, 'O') && read == Full;
    }

    private static bool Same(ReadOnlySpan<byte> ascii, string text) => System.Text.Ascii.Equals(ascii, text);
}
