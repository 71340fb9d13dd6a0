using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using CvOps.Vision.Gpu;
using CvOps.Vision.Packaging;
using Microsoft.ML.OnnxRuntime;

namespace CvOps.Vision;

/// <summary>Opens ONNX Runtime sessions on the best provider that really works.</summary>
internal static partial class OrtSessions
{
    private static readonly Lock ResolverGate = new();
    private static string? resolvedPath;

    /// <summary>A session and the provider it runs on: TensorRT, CUDA or CPU.</summary>
    /// <exception cref="ModelException">Not ONNX, an operator the runtime lacks, or the library can't be loaded.</exception>
    public static (InferenceSession Session, string Provider) Open(byte[] onnx, SessionSettings settings)
    {
        if (settings.LibraryPath is { } path) UseLibrary(path);
        if (settings.AllowGpu)
        {
            // The runtime's list of providers is no proof: it names TensorRT without a driver. Only trying tells.
            foreach (var provider in (ReadOnlySpan<string>)["TensorRT", "CUDA"])
            {
                if (provider == "TensorRT" && settings is not { TensorRt: not null, EngineFolder: not null }) continue;
                try
                {
                    using var gpu = Options(settings);
                    if (provider == "TensorRT") AppendTensorRt(gpu, settings.TensorRt!, settings.EngineFolder!);
                    gpu.AppendExecutionProvider_CUDA(0);
                    return (new InferenceSession(onnx, gpu), provider);
                }
                catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException)
                {
                    // A library built without the provider lacks the symbol; one whose driver is missing says so. The next one is tried.
                }
                catch (Exception e) when (LibraryProblem(e, settings) is { } problem)
                {
                    throw new ModelException(problem, e);
                }
            }
        }
        try
        {
            using var options = Options(settings);
            return (new InferenceSession(onnx, options), "CPU");
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelException(LoadProblem(onnx, e), e);
        }
        catch (Exception e) when (LibraryProblem(e, settings) is { } problem)
        {
            throw new ModelException(problem, e);
        }
    }

    private static void AppendTensorRt(SessionOptions session, TensorRtSettings settings, string engines)
    {
        using var options = new OrtTensorRTProviderOptions();
        options.UpdateOptions(EngineCache.ProviderOptions(settings, engines));
        session.AppendExecutionProvider_Tensorrt(options);
    }

    private static SessionOptions Options(SessionSettings settings)
    {
        if (settings.Threads is < 1 or > 64) throw new ModelException($"A session has 1 to 64 threads; {settings.Threads} were asked for.");
        var options = new SessionOptions
        {
            IntraOpNumThreads = settings.Threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            // Models that list their weights among the inputs draw a warning for each of them.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Spinning threads would eat the cores that decode video.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        return options;
    }

    /// <summary>A process has one ONNX Runtime: the first path wins, another one is an error.</summary>
    private static void UseLibrary(string path)
    {
        lock (ResolverGate)
        {
            if (resolvedPath == path) return;
            if (resolvedPath is not null) throw new ModelException($"This process already runs ONNX Runtime from {resolvedPath}; it can't load {path} too.");
            if (!File.Exists(path)) throw new ModelException($"The ONNX Runtime library {path} does not exist; leave the setting out to use the one that came along.");
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(InferenceSession).Assembly, (name, _, _) =>
                    name.Contains("onnxruntime", StringComparison.Ordinal) ? NativeLibrary.Load(path) : 0);
            }
            catch (InvalidOperationException e)
            {
                throw new ModelException($"ONNX Runtime is already loaded in this process; name the library {path} before the first session opens.", e);
            }
            resolvedPath = path;
        }
    }

    private static string LoadProblem(byte[] onnx, OnnxRuntimeException e)
    {
        if (e.Message.Contains("InvalidProtobuf", StringComparison.Ordinal)) return $"Not an ONNX model: the {onnx.Length} bytes are no ONNX protobuf.";
        return NewestOpset().Match(e.Message) is { Success: true } newest
            ? $"The model is of opset {OnnxHeader.Read(onnx).Opset}; the ONNX Runtime here runs opset {newest.Groups[1].Value} at most. Export the model with that opset or an older one."
            : $"ONNX Runtime can't load the model: {e.Message}";
    }

    // The runtime's own words; what it supports can't be asked in any other way.
    [GeneratedRegex(@"official support for domain ai\.onnx is till opset (\d+)")]
    private static partial Regex NewestOpset();

    private static string? LibraryProblem(Exception e, SessionSettings settings)
    {
        var cause = e is TypeInitializationException ? e.InnerException ?? e : e;
        return cause is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException
            ? $"The ONNX Runtime library {settings.LibraryPath ?? "libonnxruntime.so"} can't be loaded: {cause.Message.Split('\n')[0]}"
            : null;
    }
}
