using CvOps.Vision.Gpu;

namespace CvOps.Vision;

/// <summary>How sessions are run.</summary>
/// <param name="Threads">Threads of one inference, 1..64.</param>
/// <param name="AllowGpu">Try TensorRT, then CUDA, before the CPU.</param>
/// <param name="LibraryPath">A libonnxruntime of the site's own, e.g. JetPack's; null for the one that came along. The first one opened counts for the process.</param>
/// <param name="TensorRt">Null leaves TensorRT out.</param>
/// <param name="EngineFolder">Where this model's TensorRT engine lies or is to be built, see <see cref="EngineCache.FolderOf"/>; null leaves TensorRT out.</param>
public sealed record SessionSettings(int Threads = 1, bool AllowGpu = true, string? LibraryPath = null, TensorRtSettings? TensorRt = null, string? EngineFolder = null);
