using System.Runtime.InteropServices;
using CvOps.Contracts;

namespace CvOps.Trainer.Heads;

/// <summary>Where the optimiser is, for another attempt: the step, then the point, as little-endian doubles. Written beside its place and renamed.</summary>
internal sealed class HeadCheckpoint(string? folder)
{
    private const int Every = 25;

    private string? Path { get; } = folder is null ? null : System.IO.Path.Combine(folder, "head.f64");

    /// <returns>True when it was written.</returns>
    /// <exception cref="TrainerException">The folder can't be written to.</exception>
    public bool Keep(int step, ReadOnlySpan<double> point)
    {
        if (Path is null || step % Every != 0) return false;
        var partial = $"{Path}.partial";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            using (var file = File.Create(partial))
            {
                file.Write(MemoryMarshal.AsBytes<double>([step]));
                file.Write(MemoryMarshal.AsBytes(point));
                DurableFile.Sync(file);
            }
            DurableFile.Replace(partial, Path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainerException($"The checkpoint '{Path}' can't be written: {e.Message}", e);
        }
    }

    /// <param name="parameters">Length of the point; a checkpoint of another one, such as after a change of the hidden units, is left alone.</param>
    /// <returns>Null when there is none to go on from.</returns>
    public (int Step, double[] Point)? Read(int parameters)
    {
        if (Path is null || !File.Exists(Path)) return null;
        var values = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(Path));
        return values.Length == parameters + 1 && !values.ContainsAnyExceptInRange(double.MinValue, double.MaxValue) ? ((int)values[0], values[1..].ToArray()) : null;
    }
}
