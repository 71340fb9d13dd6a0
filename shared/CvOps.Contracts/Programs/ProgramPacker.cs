using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts.Packages;

namespace CvOps.Contracts.Programs;

/// <summary>Makes <c>.cvagent</c> files of the agent's published folder.</summary>
public static class ProgramPacker
{
    private const string Program = "cvops-agent";
    private const string Assembly = "cvops-agent.dll";

    /// <summary>Part of every program that has .NET in it.</summary>
    private const string OwnRuntime = "libcoreclr.so";

    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Startable = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Writes and signs a package. The file appears complete or not at all; the same folder gives the same bytes but for the signature.</summary>
    /// <param name="folder">As <c>dotnet publish</c> leaves it, or <c>/usr/lib/cvops-agent</c> of a Debian package.</param>
    /// <param name="runtime">Null: as the folder's own files say.</param>
    /// <returns>The package as a device would open it.</returns>
    /// <exception cref="PackageException">The folder holds no agent that can be packed; the sentence says why.</exception>
    public static ProgramPackage Pack(string folder, string version, string? runtime, ECDsa key, string path)
    {
        var manifest = new ProgramManifest { Version = version, Runtime = runtime ?? RuntimeOf(folder), Entry = EntryOf(folder), Files = [.. Files(folder)] };
        if (ProgramRule.Problem(manifest) is { } problem) throw new PackageException($"{folder} makes no program package: {problem}");
        var (part, archive) = (path + ".part", path + ".tar.gz.part");
        try
        {
            WriteArchive(folder, manifest, archive);
            Assemble(manifest, archive, key, part);
            // What the reader would refuse is never handed out.
            ProgramVerifier.Open(part);
            DurableFile.Replace(part, path);
            return ProgramVerifier.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PackageException($"{path} cannot be written: {e.Message.TrimEnd('.')}.", e);
        }
        finally
        {
            File.Delete(part);
            File.Delete(archive);
        }
    }

    private static string EntryOf(string folder) =>
        File.Exists(Path.Combine(folder, OwnRuntime)) && File.Exists(Path.Combine(folder, Program)) ? Program
        : File.Exists(Path.Combine(folder, Assembly)) ? Assembly
        : File.Exists(Path.Combine(folder, Program)) ? Program
        : throw new PackageException($"{folder} holds no agent: it has neither {Program} nor {Assembly}. Name the folder that 'dotnet publish' made, or usr/lib/cvops-agent of an unpacked .deb.");

    /// <summary>What <c>dotnet publish -r</c> wrote into the program's .deps.json.</summary>
    private static string RuntimeOf(string folder)
    {
        var path = Path.Combine(folder, Program + ".deps.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var target = document.RootElement.GetProperty("runtimeTarget").GetProperty("name").GetString() ?? "";
            if (target.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash) return target[(slash + 1)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not told there: a person has to.
        }
        throw new PackageException($"{path} does not say for which machines this was published; say it, e.g. --runtime linux-x64.");
    }

    private static IEnumerable<ProgramFile> Files(string folder)
    {
        var all = new List<ProgramFile>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(folder, file.FullName).Replace('\\', '/');
            if (file.LinkTarget is not null) throw new PackageException($"{path} in {folder} is a link; a program package holds files alone.");
            using var content = file.OpenRead();
            var executable = !OperatingSystem.IsWindows() && (file.UnixFileMode & UnixFileMode.UserExecute) != 0;
            all.Add(new ProgramFile(path, file.Length, Convert.ToHexStringLower(SHA256.HashData(content)), executable));
        }
        return all.OrderBy(file => file.Path, StringComparer.Ordinal);
    }

    private static void WriteArchive(string folder, ProgramManifest manifest, string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        using var zipped = new GZipStream(file, CompressionLevel.SmallestSize);
        using var tar = new TarWriter(zipped, TarEntryFormat.Ustar);
        foreach (var listed in manifest.Files)
        {
            using var content = File.OpenRead(Path.Combine(folder, listed.Path));
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, listed.Path) { DataStream = content, Mode = listed.Executable ? Startable : Plain, ModificationTime = DateTimeOffset.UnixEpoch });
        }
    }

    private static void Assemble(ProgramManifest manifest, string archive, ECDsa key, string path)
    {
        var document = JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.ProgramManifest);
        using var packed = File.OpenRead(archive);
        if (packed.Length > Limits.ProgramPackageBytes) throw new PackageException($"The program has {packed.Length:N0} bytes packed; {Limits.ProgramPackageBytes:N0} are allowed.");
        var (crc, sha256) = Digests(packed);
        var statement = SignedStatement.Create(ProgramNames.Subject(manifest), [(ProgramNames.Manifest, Convert.ToHexStringLower(SHA256.HashData(document))), (ProgramNames.Archive, sha256)]);
        var signature = SignatureBundle.Create(statement, key);
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        var directory = new List<(string, uint, uint, uint)>();
        Append(ProgramNames.Manifest, Crc32.Of(document), new MemoryStream(document));
        packed.Position = 0;
        Append(ProgramNames.Archive, crc, packed);
        var bundle = signature.ToJson();
        Append(PackageNames.Signature(signature.KeyId), Crc32.Of(bundle), new MemoryStream(bundle));
        file.Write(StoredZip.Directory(directory, (uint)file.Position));
        DurableFile.Sync(file);

        void Append(string name, uint sum, Stream content)
        {
            directory.Add((name, sum, (uint)content.Length, (uint)file.Position));
            file.Write(StoredZip.LocalHeader(name, sum, (uint)content.Length));
            content.CopyTo(file);
        }
    }

    private static (uint Crc, string Sha256) Digests(Stream content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (buffer, crc) = (new byte[128 * 1024], Crc32.Start);
        for (int count; (count = content.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, count);
            crc = Crc32.Update(crc, buffer.AsSpan(0, count));
        }
        return (Crc32.Finish(crc), Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
