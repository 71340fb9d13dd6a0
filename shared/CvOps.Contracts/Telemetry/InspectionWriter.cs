using System.Text.Json;

namespace CvOps.Contracts.Telemetry;

/// <summary>
/// Writes an inspection as <see cref="ContractsJson"/> does, byte for byte, and allocates nothing: the serializer keeps a stack a call for
/// nested records, which at a message a frame is most of what a device allocates. A test holds the two together.
/// </summary>
public static class InspectionWriter
{
    private static readonly JsonEncodedText Origin = JsonEncodedText.Encode("origin");
    private static readonly JsonEncodedText Device = JsonEncodedText.Encode("device");
    private static readonly JsonEncodedText Boot = JsonEncodedText.Encode("boot");
    private static readonly JsonEncodedText Sequence = JsonEncodedText.Encode("sequence");
    private static readonly JsonEncodedText Stream = JsonEncodedText.Encode("stream");
    private static readonly JsonEncodedText Trace = JsonEncodedText.Encode("trace");
    private static readonly JsonEncodedText Camera = JsonEncodedText.Encode("camera");
    private static readonly JsonEncodedText Frame = JsonEncodedText.Encode("frame");
    private static readonly JsonEncodedText Connection = JsonEncodedText.Encode("connection");
    private static readonly JsonEncodedText Part = JsonEncodedText.Encode("part");
    private static readonly JsonEncodedText CapturedAt = JsonEncodedText.Encode("capturedAt");
    private static readonly JsonEncodedText TimeSourceName = JsonEncodedText.Encode("timeSource");
    private static readonly JsonEncodedText TimeUncertaintyMs = JsonEncodedText.Encode("timeUncertaintyMs");
    private static readonly JsonEncodedText Model = JsonEncodedText.Encode("model");
    private static readonly JsonEncodedText Name = JsonEncodedText.Encode("name");
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode("version");
    private static readonly JsonEncodedText Digest = JsonEncodedText.Encode("digest");
    private static readonly JsonEncodedText Prediction = JsonEncodedText.Encode("prediction");
    private static readonly JsonEncodedText Shadow = JsonEncodedText.Encode("shadow");
    private static readonly JsonEncodedText Timings = JsonEncodedText.Encode("timings");
    private static readonly JsonEncodedText QueueMs = JsonEncodedText.Encode("queueMs");
    private static readonly JsonEncodedText PreprocessMs = JsonEncodedText.Encode("preprocessMs");
    private static readonly JsonEncodedText InferenceMs = JsonEncodedText.Encode("inferenceMs");
    private static readonly JsonEncodedText DecodeMs = JsonEncodedText.Encode("decodeMs");
    private static readonly JsonEncodedText Error = JsonEncodedText.Encode("error");

    /// <param name="json">Gets one object; the caller flushes.</param>
    public static void Write(Utf8JsonWriter json, InspectionReport report)
    {
        json.WriteStartObject();
        json.WriteStartObject(Origin);
        json.WriteString(Device, report.Origin.Device.Value);
        json.WriteNumber(Boot, report.Origin.Boot);
        json.WriteNumber(Sequence, report.Origin.Sequence);
        if (report.Origin.Stream != 0) json.WriteNumber(Stream, report.Origin.Stream);
        json.WriteEndObject();
        if (report.Trace is { } trace) json.WriteString(Trace, trace);
        json.WriteString(Camera, report.Camera.Value);
        json.WriteNumber(Frame, report.Frame);
        json.WriteNumber(Connection, report.Connection);
        if (report.Part is { } part) json.WriteString(Part, part);
        json.WriteString(CapturedAt, report.CapturedAt);
        json.WriteString(TimeSourceName, report.TimeSource switch { TimeSource.Host => "Host", TimeSource.Container => "Container", TimeSource.Rtcp => "Rtcp", _ => report.TimeSource.ToString() });
        PredictionWriter.Number(json, TimeUncertaintyMs, report.TimeUncertaintyMs);
        json.WritePropertyName(Model);
        Write(json, report.Model);
        json.WritePropertyName(Prediction);
        PredictionWriter.Write(json, report.Prediction);
        if (report.Shadow is { } shadow)
        {
            json.WriteStartObject(Shadow);
            json.WritePropertyName(Model);
            Write(json, shadow.Model);
            json.WritePropertyName(Prediction);
            PredictionWriter.Write(json, shadow.Prediction);
            json.WriteEndObject();
        }
        json.WriteStartObject(Timings);
        PredictionWriter.Number(json, QueueMs, report.Timings.QueueMs);
        PredictionWriter.Number(json, PreprocessMs, report.Timings.PreprocessMs);
        PredictionWriter.Number(json, InferenceMs, report.Timings.InferenceMs);
        PredictionWriter.Number(json, DecodeMs, report.Timings.DecodeMs);
        json.WriteEndObject();
        if (report.Error is { } error) json.WriteString(Error, error);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ModelRef model)
    {
        json.WriteStartObject();
        json.WriteString(Name, model.Name);
        json.WriteString(Version, model.Version);
        json.WriteString(Digest, model.Digest);
        json.WriteEndObject();
    }
}
