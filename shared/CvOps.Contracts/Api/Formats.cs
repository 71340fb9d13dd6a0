namespace CvOps.Contracts.Api;

/// <summary>Formats in which datasets come and go; fleet/FORMATS.md says what each can hold.</summary>
public enum DatasetFormat { Coco, Yolo, Voc, Cvat, LabelStudio, Folders, Csv }

/// <summary>A warning says what got lost or may be wrong; an error refuses the whole import.</summary>
public enum FindingLevel { Warning, Error }

/// <param name="Where">File or entry, with its line where it has lines.</param>
/// <param name="What">What was expected and what was found.</param>
/// <param name="Do">What to do about it.</param>
public sealed record FormatFinding(FindingLevel Level, string Where, string What, string Do);

/// <summary>What became of an import. With an error, or when it was only tried, nothing was written.</summary>
public sealed record ImportReport
{
    /// <summary>Null when nobody could tell.</summary>
    public DatasetFormat? Format { get; init; }

    /// <summary>Pictures that the files speak of.</summary>
    public required int Pictures { get; init; }

    /// <summary>Of them, those that become frames.</summary>
    public required int Added { get; init; }

    /// <summary>Frames that were here and get another label.</summary>
    public required int Relabelled { get; init; }

    /// <summary>Frames that were here with the same label.</summary>
    public required int Unchanged { get; init; }

    /// <summary>Pictures a class is the label of, or that have an object of it.</summary>
    public required IReadOnlyDictionary<string, int> Classes { get; init; }

    /// <summary>Whether the frames are in the database now: all of them or none.</summary>
    public required bool Written { get; init; }

    public required int Errors { get; init; }

    public required int Warnings { get; init; }

    /// <summary>The first of them, in the order in which they were found.</summary>
    public required IReadOnlyList<FormatFinding> Findings { get; init; }
}

/// <summary>Lines of newline-delimited JSON: progress while an import runs, the report last.</summary>
/// <param name="Stage">What is done now: receiving, reading, storing, writing.</param>
/// <param name="Done">Of <paramref name="Of"/>, which is 0 where nobody knows yet. Receiving counts bytes, the others pictures.</param>
public sealed record ImportLine(string Stage, long Done, long Of, ImportReport? Report = null);

/// <summary>What an export will bring, and what its format has no room for.</summary>
/// <param name="ImageBytes">Sum of the pictures' files.</param>
public sealed record ExportCheck(DatasetFormat Format, int Frames, long ImageBytes, IReadOnlyDictionary<string, int> Classes, IReadOnlyList<FormatFinding> Findings);
