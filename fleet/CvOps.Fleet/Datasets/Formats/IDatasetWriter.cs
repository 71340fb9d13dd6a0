using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Writes a dataset in one format, a picture at a time. Pictures themselves are written by the caller.</summary>
internal interface IDatasetWriter
{
    /// <summary>Folder of the pictures inside the archive, with its slash; their names follow.</summary>
    string ImageFolder { get; }

    /// <summary>Where the picture's file goes, below <see cref="ImageFolder"/>; null for one that has no place in the format.</summary>
    string? ImagePath(LabelledImage image) => image.Name;

    /// <param name="files">One file is open at a time.</param>
    void Write(ExportSource source, ExportFiles files, CancellationToken cancel);

    /// <summary>What of the pictures this format has no room for; asked before anything is written.</summary>
    void Check(ExportSummary summary, Findings findings);
}
