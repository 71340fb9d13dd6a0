using CvOps.Contracts;

namespace CvOps.Trainer.Heads;

/// <summary>Writes the run's files so that a model stands there whole or not at all.</summary>
internal static class ResultFolder
{
    public const string Onnx = "model.onnx";

    /// <param name="files">Name and content in the order they appear: the model last, so that who sees it sees the rest.</param>
    /// <exception cref="TrainerException">The folder can't be written; nothing half-written is left.</exception>
    public static void Write(string folder, params IReadOnlyList<(string Name, byte[] Content)> files)
    {
        var written = new List<string>();
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var (name, content) in files)
            {
                var partial = Path.Combine(folder, $".{name}.partial");
                written.Add(partial);
                using var file = new FileStream(partial, FileMode.Create, FileAccess.Write);
                file.Write(content);
                DurableFile.Sync(file);
            }

            foreach (var (name, _) in files) File.Move(Path.Combine(folder, $".{name}.partial"), Path.Combine(folder, name), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            foreach (var partial in written) File.Delete(partial);
            throw new TrainerException($"The result can't be written to '{folder}': {e.Message}", e);
        }
    }
}
