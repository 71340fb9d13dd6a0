using System.Text.RegularExpressions;

namespace CvOps.Vision.Gpu;

/// <summary>What a TensorRT engine was built for: any of these changed makes it worthless. "none" for what the machine does not have.</summary>
/// <param name="Gpu">Model of the first GPU, or the Jetson module.</param>
/// <param name="Driver">Kernel driver's version, or the Jetson release.</param>
/// <param name="TensorRt">Version of libnvinfer.</param>
public sealed partial record GpuIdentity(string Gpu, string Driver, string TensorRt)
{
    private const string Nothing = "none";

    private static readonly string[] LibraryFolders = ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/local/tensorrt/lib", "opt/tensorrt/lib"];

    /// <summary>Reads it from the kernel's and the packages' files, without loading anything.</summary>
    /// <param name="root">Folder that stands for "/".</param>
    public static GpuIdentity Read(string root = "/") => new(
        First(Folder(root, "proc/driver/nvidia/gpus", "information"), ModelLine()) ?? Line(root, "proc/device-tree/model")?.TrimEnd('\0') ?? Nothing,
        First([Path.Combine(root, "proc/driver/nvidia/version")], DriverVersion()) ?? Line(root, "etc/nv_tegra_release") ?? Nothing,
        LibraryVersion(root) ?? Nothing);

    private static string? LibraryVersion(string root) => LibraryFolders.Select(folder => Path.Combine(root, folder)).Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "libnvinfer.so.*")).Select(path => Path.GetFileName(path)["libnvinfer.so.".Length..])
        .OrderByDescending(version => version.Length).ThenByDescending(version => version, StringComparer.Ordinal).FirstOrDefault();

    private static IEnumerable<string> Folder(string root, string folder, string file) =>
        Directory.Exists(Path.Combine(root, folder)) ? Directory.EnumerateDirectories(Path.Combine(root, folder)).Order(StringComparer.Ordinal).Select(found => Path.Combine(found, file)) : [];

    private static string? First(IEnumerable<string> files, Regex wanted) =>
        files.Where(File.Exists).Select(file => wanted.Match(File.ReadAllText(file))).Where(match => match.Success).Select(match => match.Groups[1].Value.Trim()).FirstOrDefault();

    private static string? Line(string root, string file) => File.Exists(Path.Combine(root, file)) ? File.ReadLines(Path.Combine(root, file)).FirstOrDefault()?.Trim() : null;

    [GeneratedRegex(@"^Model:\s*(.+)$", RegexOptions.Multiline)]
    private static partial Regex ModelLine();

    [GeneratedRegex(@"Kernel Module[^\d]*(\d+(?:\.\d+)+)")]
    private static partial Regex DriverVersion();
}
