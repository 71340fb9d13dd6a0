namespace CvOps.Fleet.Retention.Erasure;

/// <summary>Pictures that lie in the folders of training runs, which are there until a run ends.</summary>
internal sealed class TrainingCopies(string data)
{
    /// <summary>The runs whose folder has the picture.</summary>
    public IReadOnlyList<string> Of(string picture) =>
        !Directory.Exists(Root) ? [] : [.. Directory.EnumerateDirectories(Root).Where(folder => File.Exists(FileIn(folder, picture))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public void Delete(string run, string picture) => File.Delete(FileIn(Path.Combine(Root, run), picture));

    private string Root => Path.Combine(data, "training");

    private static string FileIn(string folder, string picture) => Path.Combine(folder, "dataset", "images", $"{picture}.jpg");
}
