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
    private static readonly JsonEncodedText Angle = JsonEncodedText.Encode("angle");
    private static readonly JsonEncodedText Keypoints = JsonEncodedText.Encode("keypoints");
    private static readonly JsonEncodedText Polygon = JsonEncodedText.Encode("polygon");
    private static readonly JsonEncodedText MaskArea = JsonEncodedText.Encode("maskArea");
    private static readonly JsonEncodedText Labels = JsonEncodedText.Encode("labels");
    private static readonly JsonEncodedText AnomalyScore = JsonEncodedText.Encode("anomalyScore");
    private static readonly JsonEncodedText Areas = JsonEncodedText.Encode("areas");
    private static readonly JsonEncodedText Fraction = JsonEncodedText.Encode("fraction");

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
        if (prediction.Labels is { } labels)
        {
            json.WriteStartArray(Labels);
            foreach (var label in labels) Write(json, label.Class, Score, label.Score);
            json.WriteEndArray();
        }
        if (prediction.AnomalyScore is { } anomaly) Number(json, AnomalyScore, anomaly);
        if (prediction.Areas is { } areas)
        {
            json.WriteStartArray(Areas);
            foreach (var area in areas) Write(json, area.Class, Fraction, area.Fraction);
            json.WriteEndArray();
        }
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
        if (detection.Angle is { } angle) Number(json, Angle, angle);
        if (detection.Keypoints is { } keypoints) Numbers(json, Keypoints, keypoints);
        if (detection.Polygon is { } polygon) Numbers(json, Polygon, polygon);
        if (detection.MaskArea is { } area) Number(json, MaskArea, area);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, JsonEncodedText what, double value)
    {
        json.WriteStartObject();
        json.WriteString(Class, name);
        Number(json, what, value);
        json.WriteEndObject();
    }

    private static void Numbers(Utf8JsonWriter json, JsonEncodedText name, List<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (double.IsFinite(value)) json.WriteNumberValue(value);
            else json.WriteStringValue(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        json.WriteEndArray();
    }

    /// <summary>NaN and the infinities go as text, which JSON has no numbers for.</summary>
    internal static void Number(Utf8JsonWriter json, JsonEncodedText name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteString(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
