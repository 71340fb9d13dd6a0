namespace CvOps.Contracts.Identity;

/// <summary>Files that only their owner may read (mode 0600), from the first byte on.</summary>
public static class SecretFile
{
    /// <summary>Writes the text, flushed to disk; an existing file is replaced whole or not at all.</summary>
    public static void Write(string path, string text)
    {
        var part = path + ".part";
        File.Delete(part);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(part, options))
        using (var writer = new StreamWriter(file))
        {
            writer.Write(text);
            writer.Flush();
            file.Flush(flushToDisk: true);
        }
        File.Move(part, path, overwrite: true);
    }
}
