using System.Text.Json;

namespace CvOps.Contracts.Telemetry;

/// <summary>Writes a prediction as <see cref="ContractsJson"/> does; see <see cref="InspectionWriter"/>.</summary>
public static class PredictionWriter
{
    private static readonly JsonEncodedText Class = JsonEncodedText.Encode("class");
    private static readonly JsonEncodedText Confidence = JsonEncodedText.Encode("confidence");
    private static readonly JsonEncodedText Margin = JsonEncodedText.Encode("margin");
    private static readonly JsonEncodedText Entropy = JsonEncodedText.Encode("entropy");
    private static readonly JsonEncodedText Detections = JsonEncodedText.Encode("detections");
    private static readonly JsonEncodedText Reject = JsonEncodedText.Encode("reject");
    private static readonly JsonEncodedText Score = JsonEncodedText.Encode("score");
    private static readonly JsonEncodedText X = JsonEncodedText.Encode("x");
    private static readonly JsonEncodedText Y = JsonEncodedText.Encode("y");
    private static readonly JsonEncodedText Width = JsonEncodedText.Encode("width");
    private static readonly JsonEncodedText Height = JsonEncodedText.Encode("height");
    private static readonly JsonEncodedText Track = JsonEncodedText.Encode("track");

    public static void Write(Utf8JsonWriter json, Prediction prediction)
    {
        json.WriteStartObject();
        if (prediction.Class is { } name) json.WriteString(Class, name);
        Number(json, Confidence, prediction.Confidence);
        Number(json, Margin, prediction.Margin);
        Number(json, Entropy, prediction.Entropy);
        json.WriteStartArray(Detections);
        foreach (var detection in prediction.Detections) Write(json, detection);
        json.WriteEndArray();
        json.WriteBoolean(Reject, prediction.Reject);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Detection detection)
    {
        json.WriteStartObject();
        json.WriteString(Class, detection.Class);
        Number(json, Score, detection.Score);
        Number(json, X, detection.X);
        Number(json, Y, detection.Y);
        Number(json, Width, detection.Width);
        Number(json, Height, detection.Height);
        if (detection.Track is { } track) json.WriteNumber(Track, track);
        json.WriteEndObject();
    }

    /// <summary>NaN and the infinities go as text, which JSON has no numbers for.</summary>
    internal static void Number(Utf8JsonWriter json, JsonEncodedText name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteString(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
