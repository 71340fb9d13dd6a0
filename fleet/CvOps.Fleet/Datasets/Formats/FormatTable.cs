using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Coco;
using CvOps.Fleet.Datasets.Formats.Csv;
using CvOps.Fleet.Datasets.Formats.Cvat;
using CvOps.Fleet.Datasets.Formats.Folders;
using CvOps.Fleet.Datasets.Formats.LabelStudio;
using CvOps.Fleet.Datasets.Formats.Voc;
using CvOps.Fleet.Datasets.Formats.Yolo;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>One format: how it is told, read and written.</summary>
/// <param name="HoldsObjects">Whether it has boxes or polygons at all; where it has none, those of a frame that is here stay.</param>
/// <param name="OneFile">Ending of its file where all labels are in one; null where every picture has its own.</param>
internal sealed record FormatEntry(DatasetFormat Format, bool HoldsObjects, string? OneFile, IDatasetReader Reader, IDatasetWriter Writer);

/// <summary>The formats there are.</summary>
internal static class FormatTable
{
    private static readonly FormatEntry[] Entries =
    [
        new(DatasetFormat.Coco, true, "json", new CocoReader(), new CocoWriter()),
        new(DatasetFormat.Yolo, true, null, new YoloReader(), new YoloWriter()),
        new(DatasetFormat.Voc, true, null, new VocReader(), new VocWriter()),
        new(DatasetFormat.Cvat, true, "xml", new CvatReader(), new CvatWriter()),
        new(DatasetFormat.LabelStudio, true, "json", new StudioReader(), new StudioWriter()),
        new(DatasetFormat.Folders, false, null, new FolderReader(), new FolderWriter()),
        new(DatasetFormat.Csv, true, "csv", new CsvReader(), new CsvWriter()),
    ];

    public static FormatEntry Of(DatasetFormat format) => Entries.First(entry => entry.Format == format);

    /// <summary>Words of a person: <c>coco</c>, <c>label-studio</c>, <c>labelstudio</c>.</summary>
    public static bool TryParse(string text, out DatasetFormat format) =>
        Enum.TryParse(text.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out format) && Enum.IsDefined(format);

    public static string Names => string.Join(", ", Enum.GetNames<DatasetFormat>()).ToLowerInvariant();
}
