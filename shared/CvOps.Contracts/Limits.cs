namespace CvOps.Contracts;

/// <summary>Numbers both sides have agreed on. A tunable is an option; a number of one file is a constant there.</summary>
public static class Limits
{
    /// <summary>Largest MQTT payload an agent sends or the fleet accepts, in bytes.</summary>
    public const int MessageBytes = 4 * 1024 * 1024;

    /// <summary>Longest configuration that a device takes from afar.</summary>
    public const int ConfigurationCharacters = 64 * 1024;

    /// <summary>Most JSON values, names and brackets of a message: what keeps a small message from becoming large objects. Three hundred outlines of two models have half as many.</summary>
    public const int MessageTokens = 200_000;

    /// <summary>Largest number of a stream of messages in an origin; bounds what the fleet remembers of a device.</summary>
    public const int Streams = 15;

    /// <summary>Largest <c>.cvmodel</c> file, in bytes.</summary>
    public const long PackageBytes = 2L * 1024 * 1024 * 1024;

    /// <summary>Largest JSON document inside a package, in bytes.</summary>
    public const int PackageDocumentBytes = 4 * 1024 * 1024;

    /// <summary>Most entries inside a package.</summary>
    public const int PackageEntries = 256;

    /// <summary>Most signers of a package.</summary>
    public const int PackageSignatures = 8;

    /// <summary>Largest signature inside a package, in bytes: a line of about 250 for each entry, twice base64.</summary>
    public const int PackageSignatureBytes = 256 * 1024;

    /// <summary>Most JSON values, names and brackets in all documents of a package: what keeps small files from becoming large objects.</summary>
    public const int PackageDocumentTokens = 500_000;

    /// <summary>Most memory that opening a package allocates, whatever the file says, in bytes.</summary>
    public const long PackageOpenBytes = 96L * 1024 * 1024;

    /// <summary>Largest <c>.cvagent</c> file, in bytes.</summary>
    public const long ProgramPackageBytes = 512L * 1024 * 1024;

    /// <summary>Most bytes of a program's files once they are unpacked.</summary>
    public const long ProgramBytes = 2L * 1024 * 1024 * 1024;

    /// <summary>Most files of a program.</summary>
    public const int ProgramFiles = 4096;

    /// <summary>No device's clock shows less unless it was never set.</summary>
    public static readonly DateTimeOffset EarliestClock = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Most detections in one prediction; the least certain are left out.</summary>
    public const int Detections = 300;

    /// <summary>Most corners of a mask's outline: about 1 kB of JSON, so that <see cref="Detections"/> of them fit a message.</summary>
    public const int PolygonCorners = 64;

    /// <summary>Most classes a model may name.</summary>
    public const int Classes = 10_000;

    /// <summary>Most bins of a drift histogram.</summary>
    public const int HistogramBins = 64;

    /// <summary>Most numbers of an embedding that drift sketches; of longer ones it watches nothing.</summary>
    public const int EmbeddingNumbers = 4096;

    /// <summary>The only reason of a sampled frame that a person asked to see live: the fleet shows it and keeps nothing of it.</summary>
    public const string PreviewRule = "preview";
}
