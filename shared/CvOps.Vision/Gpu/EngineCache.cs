using System.Security.Cryptography;
using System.Text;

namespace CvOps.Vision.Gpu;

/// <summary>Numbers a TensorRT engine calculates with. Int8 needs a calibration table unless the model is quantised itself.</summary>
public enum TensorRtPrecision { Float32, Float16, Int8 }

/// <summary>How TensorRT is used.</summary>
/// <param name="Engines">Root folder of built engines; they take minutes to build and are kept from start to start.</param>
/// <param name="CalibrationTable">For Int8: a table as TensorRT's calibrator writes it; null for models that are quantised themselves.</param>
public sealed record TensorRtSettings(string Engines, TensorRtPrecision Precision = TensorRtPrecision.Float32, string? CalibrationTable = null);

/// <summary>Where the engine of one model for one machine lies: a folder by everything that makes an engine worthless when it changes.</summary>
public static class EngineCache
{
    private const string KeyFile = "engine.txt";
    private const string EnginePattern = "*.engine";

    /// <param name="digest">The model package's.</param>
    public static string FolderOf(TensorRtSettings settings, string digest, GpuIdentity machine)
    {
        var key = Key(settings, digest, machine);
        return Path.Combine(settings.Engines, $"{digest[..12]}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..12]}");
    }

    /// <summary>Makes the folder, and says in it in words what it is for.</summary>
    public static void Prepare(string folder, TensorRtSettings settings, string digest, GpuIdentity machine)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, KeyFile), Key(settings, digest, machine));
    }

    /// <summary>True when an engine has been built there.</summary>
    public static bool IsBuilt(string folder) => Directory.Exists(folder) && Directory.EnumerateFiles(folder, EnginePattern).Any();

    /// <summary>Deletes the engines of other models, and of this machine as it was before.</summary>
    /// <param name="kept">Folders to keep.</param>
    public static void KeepOnly(string engines, IReadOnlyCollection<string> kept)
    {
        if (!Directory.Exists(engines)) return;
        foreach (var folder in Directory.EnumerateDirectories(engines).Where(folder => !kept.Contains(folder))) Directory.Delete(folder, recursive: true);
    }

    /// <summary>ONNX Runtime's names for it; the timing cache lies beside the engines, since it serves every model of the machine.</summary>
    public static Dictionary<string, string> ProviderOptions(TensorRtSettings settings, string folder)
    {
        var options = new Dictionary<string, string>
        {
            ["device_id"] = "0",
            ["trt_engine_cache_enable"] = "1",
            ["trt_engine_cache_path"] = folder,
            ["trt_timing_cache_enable"] = "1",
            ["trt_timing_cache_path"] = settings.Engines,
            ["trt_fp16_enable"] = settings.Precision == TensorRtPrecision.Float32 ? "0" : "1",
            ["trt_int8_enable"] = settings.Precision == TensorRtPrecision.Int8 ? "1" : "0",
        };
        if (settings is { Precision: TensorRtPrecision.Int8, CalibrationTable: { } table })
        {
            options["trt_int8_calibration_table_name"] = Path.GetFileName(table);
            options["trt_int8_use_native_calibration_table"] = "1";
        }
        return options;
    }

    private static string Key(TensorRtSettings settings, string digest, GpuIdentity machine) =>
        $"model {digest}\ngpu {machine.Gpu}\ndriver {machine.Driver}\ntensorrt {machine.TensorRt}\nprecision {settings.Precision}\ncalibration {CalibrationDigest(settings)}\n";

    private static string CalibrationDigest(TensorRtSettings settings) =>
        settings.CalibrationTable is { } table && File.Exists(table) ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(table))) : "none";
}
