using System.Text.Json;
using System.Text.Json.Serialization;

namespace CvOps.Fleet.Datasets.Formats.Coco;

/// <summary>An element of <c>images</c>.</summary>
internal sealed record CocoImage
{
    public long? Id { get; set; }

    public string? FileName { get; set; }

    public int Width { get; set; }

    public int Height { get; set; }

    public string? DateCaptured { get; set; }

    public FrameExtras? Cvops { get; set; }
}

/// <summary>What the index asks of an image; the rest is passed over.</summary>
internal sealed record CocoImageKey
{
    public long? Id { get; set; }

    public string? FileName { get; set; }
}

/// <summary>What the index asks of an annotation.</summary>
internal sealed record CocoAnnotationKey
{
    public long? Id { get; set; }

    public long? ImageId { get; set; }
}

internal sealed record CocoCategory
{
    public long? Id { get; set; }

    public string? Name { get; set; }
}

/// <summary>An element of <c>annotations</c>: one object.</summary>
internal sealed record CocoAnnotation
{
    public long? Id { get; set; }

    public long? ImageId { get; set; }

    public long? CategoryId { get; set; }

    /// <summary>x, y, width, height in pixels.</summary>
    public double[]? Bbox { get; set; }

    [JsonConverter(typeof(CocoSegmentationReader))]
    public CocoSegmentation? Segmentation { get; set; }

    public int Iscrowd { get; set; }

    /// <summary>Whether the object has keypoints, which labels do not hold.</summary>
    public int NumKeypoints { get; set; }
}

/// <param name="Rings">x and y of each corner in turn, an outline each.</param>
/// <param name="IsMask">A run-length code instead of outlines.</param>
internal sealed record CocoSegmentation(IReadOnlyList<double[]> Rings, bool IsMask);

/// <summary><c>segmentation</c> is a list of outlines or an object with a run-length code.</summary>
internal sealed class CocoSegmentationReader : JsonConverter<CocoSegmentation>
{
    public override CocoSegmentation Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            var isMask = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            return new CocoSegmentation([], isMask);
        }
        List<double[]>? rings = null;
        var corners = new List<double>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            corners.Clear();
            while (reader.Read() && reader.TokenType == JsonTokenType.Number) corners.Add(reader.GetDouble());
            if (reader.TokenType != JsonTokenType.EndArray) throw new JsonException("An outline is a list of numbers.");
            (rings ??= []).Add([.. corners]);
        }
        return reader.TokenType == JsonTokenType.EndArray ? new CocoSegmentation(rings ?? [], false) : throw new JsonException("'segmentation' is a list of outlines.");
    }

    public override void Write(Utf8JsonWriter writer, CocoSegmentation value, JsonSerializerOptions options) =>
        throw new NotSupportedException("CocoWriter writes outlines itself.");
}
