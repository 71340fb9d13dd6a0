namespace CvOps.Contracts.Identity;

/// <summary>PEM files that appear whole or not at all.</summary>
public static class PemFile
{
    /// <summary>Readable by everybody.</summary>
    public static void WriteCertificate(string path, string pem) =>
        Write(path, pem, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    /// <summary>Mode 0600 from the moment the file exists: there is no instant in which somebody else could open it.</summary>
    public static void WriteKey(string path, string pem) => Write(path, pem, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static void Write(string path, string pem, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        var unfinished = $"{path}.{Guid.NewGuid():N}.new";
        using (var stream = new FileStream(unfinished, options))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(pem));
            DurableFile.Sync(stream);
        }
        DurableFile.Replace(unfinished, path);
    }
}
