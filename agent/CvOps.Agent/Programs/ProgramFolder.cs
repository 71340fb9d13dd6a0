using System.Text.Json;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <summary>
/// Where programs lie on a device: <c>{data}/program</c> with the journal, packages on their way, and the slots <c>a</c> and <c>b</c>, each with a manifest and the files it
/// lists. Not there before the first change.
/// </summary>
/// <param name="data">The agent's state folder.</param>
internal sealed class ProgramFolder(string data)
{
    public string Root { get; } = Path.Combine(data, "program");

    public string JournalPath => Path.Combine(Root, "journal.json");

    /// <summary>What a person brought and nobody has taken yet.</summary>
    public string WantedPath => Path.Combine(Root, "wanted.json");

    private string Incoming => Path.Combine(Root, "incoming");

    public string PackageOf(string digest) => Path.Combine(Root, Checked(digest) + ProgramPackage.Ending);

    public string PartialOf(string digest) => Path.Combine(Root, Checked(digest) + ".partial");

    public string FilesOf(ProgramSlot slot) => Path.Combine(FolderOf(slot), "files");

    public string ManifestOf(ProgramSlot slot) => Path.Combine(FolderOf(slot), "manifest.json");

    /// <returns>What starts the slot's program: the file, or a .dll that .NET starts.</returns>
    /// <param name="why">What is wrong with the slot, a clause; null when nothing is.</param>
    public string? EntryOf(ProgramSlot slot, SlotContent? content, out string? why)
    {
        why = "nothing whole lies in its slot";
        if (content is null) return null;
        why = "its manifest is missing or was altered";
        if (ProgramTree.ReadManifest(ManifestOf(slot), content.ManifestSha256) is not { } manifest) return null;
        why = ProgramTree.Problem(FilesOf(slot), manifest);
        return why is null ? Path.Combine(FilesOf(slot), manifest.Entry) : null;
    }

    /// <summary>Empties a slot; the journal says already that nothing is in it.</summary>
    public void Clear(ProgramSlot slot)
    {
        if (Directory.Exists(FolderOf(slot))) Directory.Delete(FolderOf(slot), recursive: true);
    }

    /// <summary>Lets go of packages and parts of packages, but for one.</summary>
    public void KeepOnly(string? digest)
    {
        if (!Directory.Exists(Root)) return;
        foreach (var file in Directory.EnumerateFiles(Root).Where(file => Path.GetExtension(file) is ProgramPackage.Ending or ".partial" && Path.GetFileNameWithoutExtension(file) != digest)) File.Delete(file);
    }

    /// <summary>A copy that nobody takes for a package yet; what it is worth is asked of the copy.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="IOException">The disk is full, the source can't be read, or another import is under way. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public string Receive(Stream package)
    {
        Directory.CreateDirectory(Root);
        using var file = new FileStream(Incoming, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        file.SetLength(0);
        package.CopyTo(file);
        DurableFile.Sync(file);
        return Incoming;
    }

    /// <summary>The received copy is believed: the agent is to take it, now or when it starts.</summary>
    /// <exception cref="IOException">The disk refused. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Want(ProgramPackage package)
    {
        var path = PackageOf(package.Digest);
        DurableFile.Replace(Incoming, path);
        var wish = new DesiredProgram(package.Manifest.Version, package.Digest, new Uri(path), package.Bytes);
        DurableFile.Write(WantedPath, JsonSerializer.SerializeToUtf8Bytes(wish, ProgramJson.Default.DesiredProgram));
    }

    public void Discard() => File.Delete(Incoming);

    /// <returns>What a person brought; null for nothing, or what can't be read.</returns>
    public DesiredProgram? Wanted()
    {
        try
        {
            return File.Exists(WantedPath) && JsonSerializer.Deserialize(File.ReadAllBytes(WantedPath), ProgramJson.Default.DesiredProgram) is { } wish && ModelFolder.IsDigest(wish.Digest) ? wish : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The journal knows of it.</summary>
    public void Taken() => File.Delete(WantedPath);

    private string FolderOf(ProgramSlot slot) => Path.Combine(Root, slot == ProgramSlot.A ? "a" : "b");

    /// <summary>A digest comes from the network and becomes a file name.</summary>
    private static string Checked(string digest) => ModelFolder.IsDigest(digest)
        ? digest
        : throw new UpdateRefusedException($"'{digest}' is no SHA-256 digest (64 lower-case hex digits).");
}
