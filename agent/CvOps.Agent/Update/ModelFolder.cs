using CvOps.Agent.Configuration;
using CvOps.Contracts;

namespace CvOps.Agent.Update;

/// <summary>The packages on disk, each named by its digest: <c>{data}/models/{digest}.cvmodel</c>.</summary>
internal sealed class ModelFolder
{
    /// <exception cref="ConfigurationException">The state folder cannot be made.</exception>
    public ModelFolder(string data)
    {
        (Data, Root) = (data, Path.Combine(data, "models"));
        try
        {
            Directory.CreateDirectory(Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([new Mistake(0, "data", $"'{data}' cannot be the state folder ({e.Message.TrimEnd('.')}); name one this user may write to")]);
        }
    }

    /// <summary>The agent's state folder.</summary>
    public string Data { get; }

    public string Root { get; }

    public string PathOf(string digest) => Path.Combine(Root, Checked(digest) + ".cvmodel");

    public string PartialOf(string digest) => Path.Combine(Root, Checked(digest) + ".partial");

    /// <summary>The chunk list of a package that is or was being fetched.</summary>
    public string ChunksOf(string digest) => Path.Combine(Root, Checked(digest) + ".chunks");

    /// <summary>Every whole package on this disk.</summary>
    public IEnumerable<string> Packages => Directory.EnumerateFiles(Root, "*.cvmodel");

    /// <summary>Deletes every file that belongs to none of these digests: a device keeps the model in charge and the way back, no museum.</summary>
    public void KeepOnly(IEnumerable<string?> digests)
    {
        var kept = digests.OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Root).Where(file => !kept.Contains(Path.GetFileNameWithoutExtension(file))))
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// Puts a copy of a package here, whole or not at all, also after a power cut. Its content alone: who may read the original says nothing here.
    /// </summary>
    /// <exception cref="IOException">The disk is full, or the file can't be read. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Add(string path, string digest)
    {
        var partial = PartialOf(digest);
        using (var from = File.OpenRead(path))
        using (var to = new FileStream(partial, FileMode.Create, FileAccess.Write))
        {
            from.CopyTo(to);
            to.Flush();
            DurableFile.Sync(to.SafeFileHandle);
        }
        File.Move(partial, PathOf(digest), overwrite: true);
        DurableFile.SyncFolder(Root);
    }

    /// <summary>True for a SHA-256 in lower-case hex: what may become a file name here.</summary>
    public static bool IsDigest(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>A digest comes from the network and becomes a file name.</summary>
    private static string Checked(string digest) => IsDigest(digest)
        ? digest
        : throw new UpdateRefusedException($"'{digest}' is no SHA-256 digest (64 lower-case hex digits).");
}
