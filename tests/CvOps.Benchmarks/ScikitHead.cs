using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CvOps.Benchmarks;

/// <summary>scikit-learn in a long-lived child process: it fits when told to and says how long that took.</summary>
internal sealed class ScikitHead : IDisposable
{
    // Debian's own interpreter: python3-sklearn is not visible to another.
    private const string Python = "/usr/bin/python3";

    private const string Script = """
        import sys, time
        import numpy as np, sklearn
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_info, threadpool_limits
        embeddings, labels, dimensions, l2, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
        threadpool_limits(threads)
        X = np.fromfile(embeddings, dtype='<f4').reshape(-1, dimensions).astype(np.float64)
        y = np.fromfile(labels, dtype='<i4')
        blas = [pool for pool in threadpool_info() if pool['user_api'] == 'blas']
        print(sklearn.__version__, blas[0]['internal_api'] + ' ' + blas[0]['version'] if blas else 'reference BLAS', sep='\t', flush=True)
        for line in sys.stdin:
            word, _, argument = line.strip().partition(' ')
            if word == 'fit':
                started = time.perf_counter()
                scaler = StandardScaler()
                model = LogisticRegression(C=1 / (len(X) * l2), solver='lbfgs', multi_class='multinomial', max_iter=2000).fit(scaler.fit_transform(X), y)
                print(time.perf_counter() - started, model.n_iter_[0], flush=True)
            if word == 'head':
                weights = model.coef_ / scaler.scale_
                np.concatenate([weights.ravel(), model.intercept_ - weights @ scaler.mean_]).astype('<f8').tofile(argument)
                print('0', flush=True)
        """;

    private readonly Process _process;

    /// <param name="embeddings">File of little-endian float32, row by row.</param>
    /// <param name="labels">File of little-endian int32.</param>
    /// <exception cref="InvalidOperationException">python3-sklearn is not installed.</exception>
    public ScikitHead(string embeddings, string labels, int dimensions, double l2, int threads)
    {
        var start = new ProcessStartInfo(Python, ["-c", Script, embeddings, labels, Text(dimensions), l2.ToString("R", CultureInfo.InvariantCulture), Text(threads)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        // Numpy's temporary arrays shall come from the heap at hand, not from the kernel page by page.
        foreach (var threshold in (ReadOnlySpan<string>)["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]) start.Environment[threshold] = Text(1 << 30);
        _process = Process.Start(start)!;
        if (_process.StandardOutput.ReadLine()?.Split('\t') is not [var version, var blas])
        {
            _process.Dispose();
            throw new InvalidOperationException($"{Python} has no scikit-learn: install Debian's python3-sklearn (make bench-data does).");
        }
        (Version, Blas) = (version, blas);
    }

    public string Version { get; }

    public string Blas { get; }

    /// <summary>Standardises and fits.</summary>
    public (double Seconds, int Steps) Fit()
    {
        var answer = Ask("fit").Split(' ');
        return (double.Parse(answer[0], CultureInfo.InvariantCulture), int.Parse(answer[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The last fit's weights for features as they came, [classes, dimensions], then its biases.</summary>
    public double[] Head(string path)
    {
        Ask($"head {path}");
        return MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(path)).ToArray();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"scikit-learn's process ended at '{line}'.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
