using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>A model version, as reports name it.</summary>
/// <param name="Digest">SHA-256 of the <c>.cvmodel</c> file, lower-case hex: the identity. Name and version are for people.</param>
public sealed record ModelRef(string Name, string Version, [Wire(Pattern = WireAttribute.Sha256)] string Digest);

/// <summary>What a model says of one frame.</summary>
/// <remarks>Settable, since a decoder fills the same one for every frame; whoever keeps one keeps a <see cref="Copy"/>.</remarks>
public sealed record Prediction
{
    /// <summary>
    /// The top class. Detectors: that of the surest box. Several labels: the surest label. Segmentation: the class that rejects, else the one that
    /// covers most. Null when a model found nothing.
    /// </summary>
    public string? Class { get; set; }

    /// <summary>Probability or score of <see cref="Class"/>, 0..1; for segmentation the fraction it covers; 0 when there is none.</summary>
    [Wire(Minimum = 0, Maximum = 1)]
    public double Confidence { get; set; }

    /// <summary>
    /// How far the answer is from another one, 0..1. Classifiers: first minus second probability. Detectors: distance of the least sure box from the
    /// score cut. Several labels: that of the score nearest to the cut, over the room there is on its side. Segmentation: how far the nearest reject
    /// class is from the area that rejects; without reject classes, first minus second area. Anomaly: twice the distance of the normalised score from 0.5.
    /// </summary>
    [Wire(Minimum = 0, Maximum = 1)]
    public double Margin { get; set; }

    /// <summary>
    /// Shannon entropy divided by its maximum, 0..1. Classifiers: over the classes. Several labels: the mean over the classes. Segmentation: of the
    /// areas. Anomaly: of the normalised score. Detectors: 0.
    /// </summary>
    [Wire(Minimum = 0, Maximum = 1)]
    public double Entropy { get; set; }

    /// <summary>Boxes by falling score; empty for classifiers.</summary>
    public List<Detection> Detections { get; set; } = [];

    /// <summary>True when the manifest's reject classes say so, see <see cref="Packages.ModelManifest.RejectClasses"/>.</summary>
    public bool Reject { get; set; }

    /// <summary>Models of several labels: those over the threshold, by falling score; null for other models.</summary>
    public List<LabelScore>? Labels { get; set; }

    /// <summary>Anomaly models: how unlike good parts the picture is, in the model's own unit; null for other models.</summary>
    public double? AnomalyScore { get; set; }

    /// <summary>Segmentation: what each class covers, in the manifest's order, without those that cover nothing; null for other models.</summary>
    public List<ClassArea>? Areas { get; set; }

    /// <summary>A prediction of the caller's own, boxes included.</summary>
    public Prediction Copy() => this with
    {
        Detections = Detections.ConvertAll(detection => detection.Copy()),
        Labels = Labels is null ? null : [.. Labels],
        Areas = Areas is null ? null : [.. Areas],
    };
}

/// <param name="Score">0..1.</param>
public readonly record struct LabelScore(string Class, [Wire(Minimum = 0, Maximum = 1)] double Score);

/// <param name="Fraction">Part of what the model saw of the picture, 0..1.</param>
public readonly record struct ClassArea(string Class, [Wire(Minimum = 0, Maximum = 1)] double Fraction);
