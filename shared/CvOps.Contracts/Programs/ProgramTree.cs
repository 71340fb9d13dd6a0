using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts.Packages;

namespace CvOps.Contracts.Programs;

/// <summary>A program's files on a disk: put there from a package, and held against its manifest.</summary>
public static class ProgramTree
{
    private const int CopyBytes = 128 * 1024;
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Unpacks a package into a folder that does not exist yet, durably. Only files that the manifest lists are written, each once, with the size and digest it
    /// lists, for this user alone; whatever else the archive holds (links, devices, paths that lead out) ends it.
    /// </summary>
    /// <param name="package">From the verifier: its manifest is believed.</param>
    /// <exception cref="PackageException">The archive is not what the manifest lists.</exception>
    /// <exception cref="IOException">The disk refused. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public static void Unpack(ProgramPackage package, string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var missing = package.Manifest.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.Ordinal) { folder };
        using var file = File.OpenRead(package.Path);
        file.Position = package.Archive.Offset;
        using var unzipped = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(unzipped);
        try
        {
            while (tar.GetNextEntry() is { } entry)
            {
                cancel.ThrowIfCancellationRequested();
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !missing.Remove(entry.Name, out var listed))
                    throw new PackageException($"{package.Path} holds '{StoredZipReader.Shown(entry.Name)}' ({entry.EntryType}), which its manifest does not list.");
                Write(package.Path, entry, listed, folder, folders);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new PackageException($"{package.Path}: the archive in it is damaged: {e.Message.TrimEnd('.')}.", e);
        }
        if (missing.Count > 0) throw new PackageException($"{package.Path} lacks {missing.Keys.Order(StringComparer.Ordinal).First()}, which its manifest lists.");
        foreach (var made in folders) DurableFile.SyncFolder(made);
    }

    /// <summary>Holds a folder against a manifest: every file there, as listed, and no other.</summary>
    /// <returns>What is wrong, a clause; null when nothing is.</returns>
    public static string? Problem(string folder, ProgramManifest manifest)
    {
        try
        {
            var missing = manifest.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
            foreach (var found in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
            {
                var path = Path.GetRelativePath(folder, found.FullName);
                if (found.LinkTarget is not null) return $"{path} is a link";
                if (found is not FileInfo file) continue;
                if (!missing.Remove(path, out var listed)) return $"{path} does not belong to it";
                if (file.Length != listed.Bytes) return $"{path} has {file.Length} bytes instead of {listed.Bytes}";
                using var content = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
                if (Convert.ToHexStringLower(SHA256.HashData(content)) != listed.Sha256) return $"{path} was altered or damaged";
            }
            return missing.Count == 0 ? null : $"{missing.Keys.Order(StringComparer.Ordinal).First()} is missing";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message.TrimEnd('.');
        }
    }

    /// <returns>The manifest in a file; null when there is none, it has another digest, or is not sound.</returns>
    /// <param name="sha256">Of the file.</param>
    public static ProgramManifest? ReadManifest(string path, string sha256)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != sha256) return null;
            var manifest = JsonSerializer.Deserialize(bytes, ContractsJson.Default.ProgramManifest);
            return manifest is not null && ProgramRule.Problem(manifest) is null ? manifest : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static void Write(string package, TarEntry entry, ProgramFile listed, string folder, HashSet<string> folders)
    {
        if (entry.Length != listed.Bytes) throw new PackageException($"{package}: {listed.Path} has {entry.Length:N0} bytes, and its manifest lists {listed.Bytes:N0}.");
        var path = Path.Combine(folder, listed.Path);
        var holder = Path.GetDirectoryName(path)!;
        if (folders.Add(holder)) Directory.CreateDirectory(holder);
        for (var above = Path.GetDirectoryName(holder)!; above.Length > folder.Length; above = Path.GetDirectoryName(above)!) folders.Add(above);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, PreallocationSize = listed.Bytes };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = listed.Executable ? Own | UnixFileMode.UserExecute : Own;
        using var to = new FileStream(path, options);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[CopyBytes];
        for (int count; entry.DataStream is { } content && (count = content.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, count);
            to.Write(buffer, 0, count);
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != listed.Sha256) throw new PackageException($"{package}: {listed.Path} is not what its manifest lists.");
        DurableFile.Sync(to);
    }
}
