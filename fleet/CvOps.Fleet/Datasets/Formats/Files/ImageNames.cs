namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>Names of picture files.</summary>
internal static class ImageNames
{
    private static readonly string[] Endings = [".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"];

    public static bool IsImage(string name) => Endings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    public static bool IsJpeg(string name) => name.EndsWith(".jpg", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".jpeg", StringComparison.OrdinalIgnoreCase);

    /// <summary>The file's name without its folders.</summary>
    public static string Base(string name) => name[(name.LastIndexOf('/') + 1)..];

    /// <summary>The name without its ending, folders kept.</summary>
    public static string Stem(string name) => name.LastIndexOf('.') is var dot && dot > name.LastIndexOf('/') ? name[..dot] : name;

    /// <summary>The folder with its slash; empty at the top.</summary>
    public static string Folder(string name) => name[..(name.LastIndexOf('/') + 1)];
}
