using System.Text;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Folders;

/// <summary>A folder a class, below one for each split: what classifiers of Ultralytics, torchvision and Keras read.</summary>
internal sealed class FolderWriter : IDatasetWriter
{
    public string ImageFolder => "";

    public string? ImagePath(LabelledImage image) => image.Class is null ? null : $"{Splits.Of(image)}/{Escape(image.Class)}/{image.Name}";

    public void Check(ExportSummary summary, Findings findings)
    {
        if (summary.WithClass < summary.Frames) findings.Warn("images", $"{summary.Frames - summary.WithClass} pictures without a class of their own stay out.", "Export COCO or YOLO for objects.");
        if (summary.WithObjects > 0) findings.Warn("images", $"Folders have no objects: those of {summary.WithObjects} pictures are lost.", "Export COCO or YOLO for objects.");
        if (summary.WithVerdict > 0) findings.Warn("images", $"Folders have no verdict: that of {summary.WithVerdict} pictures is lost.", "Export COCO or CSV if it matters.");
    }

    /// <summary>The pictures are all there is.</summary>
    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
    }

    /// <summary>Letters, digits and blanks stand for themselves, everything else as in an address: a class must not become a path.</summary>
    private static string Escape(string name)
    {
        var text = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || rune.Value is ' ' or '-' or '_' || (rune.Value == '.' && text.Length > 0)) text.Append(rune.ToString());
            else text.Append(string.Concat(Encoding.UTF8.GetBytes(rune.ToString()).Select(octet => $"%{octet:X2}")));
        }
        return text.ToString();
    }
}
