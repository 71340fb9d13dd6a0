using System.Text.Json.Serialization;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>JSON of other programs' formats: snake_case, and what they add is passed by.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(FrameExtras))]
[JsonSerializable(typeof(Coco.CocoImage))]
[JsonSerializable(typeof(Coco.CocoAnnotation))]
[JsonSerializable(typeof(Coco.CocoImageKey))]
[JsonSerializable(typeof(Coco.CocoAnnotationKey))]
[JsonSerializable(typeof(Coco.CocoCategory))]
[JsonSerializable(typeof(LabelStudio.StudioTask))]
[JsonSerializable(typeof(string))]
internal sealed partial class FormatsJson : JsonSerializerContext;
