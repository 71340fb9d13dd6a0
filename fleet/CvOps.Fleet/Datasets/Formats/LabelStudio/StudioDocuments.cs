using System.Text.Json;
using System.Text.Json.Serialization;

namespace CvOps.Fleet.Datasets.Formats.LabelStudio;

/// <summary>A task of Label Studio's JSON: a picture, what people said of it and what models did.</summary>
internal sealed record StudioTask
{
    public JsonElement? Id { get; set; }

    /// <summary>The picture's address under a name that the project chose, mostly <c>image</c>, and <c>cvops</c>.</summary>
    public Dictionary<string, JsonElement>? Data { get; set; }

    public List<StudioAnnotation>? Annotations { get; set; }

    public List<StudioPrediction>? Predictions { get; set; }
}

internal sealed record StudioAnnotation
{
    public List<StudioResult>? Result { get; set; }

    public bool WasCancelled { get; set; }

    public DateTimeOffset? UpdatedAt { get; set; }
}

internal sealed record StudioPrediction
{
    public string? ModelVersion { get; set; }

    public double? Score { get; set; }

    public List<StudioResult>? Result { get; set; }
}

/// <summary>One region, or one choice of the whole picture. <see cref="Type"/> names the member of the value that holds the words.</summary>
internal sealed record StudioResult
{
    public string? Id { get; set; }

    public string? Type { get; set; }

    public string? FromName { get; set; }

    public string? ToName { get; set; }

    public int? OriginalWidth { get; set; }

    public int? OriginalHeight { get; set; }

    public double? Score { get; set; }

    public StudioValue? Value { get; set; }
}

/// <summary>Coordinates in percent of the picture's width and height.</summary>
internal sealed record StudioValue
{
    public double? X { get; set; }

    public double? Y { get; set; }

    public double? Width { get; set; }

    public double? Height { get; set; }

    /// <summary>Degrees clockwise about the top left corner.</summary>
    public double? Rotation { get; set; }

    public List<double[]>? Points { get; set; }

    [JsonPropertyName("rectanglelabels")]
    public List<string>? RectangleLabels { get; set; }

    [JsonPropertyName("polygonlabels")]
    public List<string>? PolygonLabels { get; set; }

    public List<string>? Choices { get; set; }
}
