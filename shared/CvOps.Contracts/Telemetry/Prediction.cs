namespace CvOps.Contracts.Telemetry;

/// <summary>A model version, as reports name it.</summary>
/// <param name="Digest">SHA-256 of the <c>.cvmodel</c> file, lower-case hex: the identity. Name and version are for people.</param>
public sealed record ModelRef(string Name, string Version, string Digest);

/// <summary>What a model says of one frame. Settable, since a decoder fills the same one for every frame; whoever keeps one keeps a <see cref="Copy"/>.</summary>
public sealed record Prediction
{
    /// <summary>The top class; for a detector that of its surest detection; null when it found nothing.</summary>
    public string? Class { get; set; }

    /// <summary>Probability or score of <see cref="Class"/>, 0..1; 0 when there is none.</summary>
    public double Confidence { get; set; }

    /// <summary>Classifiers: first minus second probability, 0..1. Detectors: distance of the least sure box from the score cut.</summary>
    public double Margin { get; set; }

    /// <summary>Classifiers: Shannon entropy over the classes divided by its maximum, 0..1. Detectors: 0.</summary>
    public double Entropy { get; set; }

    /// <summary>Boxes by falling score; empty for classifiers.</summary>
    public List<Detection> Detections { get; set; } = [];

    /// <summary>True when the manifest lists the class among those that reject a part.</summary>
    public bool Reject { get; set; }

    /// <summary>A prediction of the caller's own, boxes included.</summary>
    public Prediction Copy() => this with { Detections = Detections.ConvertAll(detection => detection with { }) };
}

/// <summary>One box, in pixels of the camera's picture, origin top left.</summary>
public sealed record Detection(string Class, double Score, double X, double Y, double Width, double Height)
{
    public string Class { get; set; } = Class;

    public double Score { get; set; } = Score;

    public double X { get; set; } = X;

    public double Y { get; set; } = Y;

    public double Width { get; set; } = Width;

    public double Height { get; set; } = Height;

    /// <summary>Names the object from frame to frame while a tracker follows it; null without one.</summary>
    public long? Track { get; set; }
}
