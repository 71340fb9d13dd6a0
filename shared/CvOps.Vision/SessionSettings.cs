namespace CvOps.Vision;

/// <summary>How sessions are run.</summary>
/// <param name="Threads">Threads of one inference, 1..64.</param>
/// <param name="AllowGpu">Try TensorRT, then CUDA, before the CPU.</param>
/// <param name="LibraryPath">A libonnxruntime of the site's own, e.g. JetPack's; null for the one that came along. The first one opened counts for the process.</param>
public sealed record SessionSettings(int Threads = 1, bool AllowGpu = true, string? LibraryPath = null);
