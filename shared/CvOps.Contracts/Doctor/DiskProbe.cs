using System.Diagnostics;

namespace CvOps.Contracts.Doctor;

/// <summary>A folder that was tried by writing to it.</summary>
/// <param name="Free">Bytes this user may still take.</param>
/// <param name="BytesPerSecond">Of a file of a few megabytes with its flush to the disk.</param>
/// <param name="Problem">Why it can't be written; null when it can.</param>
/// <param name="Mend">What puts that right; null when only more room does.</param>
public sealed record DiskProbe(string Folder, long Free, long Total, double BytesPerSecond, string? Problem = null, string? Mend = null)
{
    private const int Megabyte = 1 << 20;
    private const int Written = 8;
    private const int DiskFull = 28;        // ENOSPC
    private const int ReadOnly = 30;        // EROFS

    /// <summary>Writes a file of 8 MB there, flushes it and takes it away.</summary>
    public static DiskProbe Try(string folder)
    {
        var whole = Path.GetFullPath(folder);
        var user = Environment.UserName;
        if (!Directory.Exists(whole)) return new(whole, 0, 0, 0, "there is no such folder", $"Make it and give it to the user of the service: install -d -o {user} {whole}.");
        var file = Path.Combine(whole, $".doctor-{Environment.ProcessId}");
        try
        {
            var block = new byte[Megabyte];
            // What compresses to nothing says nothing of the disk.
            Random.Shared.NextBytes(block);
            var begun = Stopwatch.GetTimestamp();
            using (var handle = File.OpenHandle(file, FileMode.Create, FileAccess.Write))
            {
                for (var i = 0; i < Written; i++) RandomAccess.Write(handle, block, (long)i * Megabyte);
                DurableFile.Sync(handle);
            }
            var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            var drive = new DriveInfo(whole);
            return new(whole, drive.AvailableFreeSpace, drive.TotalSize, Written * Megabyte / Math.Max(seconds, 1e-6));
        }
        catch (UnauthorizedAccessException)
        {
            return new(whole, 0, 0, 0, $"{user} may not write there", $"Give the folder to the user of the service (chown -R USER {whole}), or run this as that user.");
        }
        catch (IOException e)
        {
            return new(whole, 0, 0, 0, e.Message.TrimEnd('.'), (e.HResult & 0xffff) switch
            {
                DiskFull => null,
                ReadOnly => $"Mount the disk under {whole} for writing: mount -o remount,rw; 'dmesg' says why it was not.",
                _ => $"See what 'dmesg' says of the disk under {whole}.",
            });
        }
        finally
        {
            TakeAway(file);
        }
    }

    private static void TakeAway(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It never came to be.
        }
    }
}
