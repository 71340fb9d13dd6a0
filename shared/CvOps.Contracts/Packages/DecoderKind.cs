namespace CvOps.Contracts.Packages;

/// <summary>
/// The form of a model's outputs. Shapes are for one picture; N boxes or anchors; a side that depends on the picture is fine where the
/// text says so. Coordinates are pixels of the model's input unless the text says otherwise.
/// </summary>
public enum DecoderKind
{
    /// <summary>Classification: one output of probabilities, [1, classes].</summary>
    Probabilities,

    /// <summary>Classification: one output of logits, [1, classes]; softmax is ours.</summary>
    Logits,

    /// <summary>
    /// NanoDet (RangiLyu/nanodet; generalised focal loss, Li et al. 2020): by stride class scores [cells, classes], already sigmoid, then by
    /// stride distances [cells, 4 x bins]. Needs <see cref="DecoderSpec.Strides"/>.
    /// </summary>
    NanoDet,

    /// <summary>
    /// YOLOv8, v9 and 11 (ultralytics): one output [1, 4 + classes, anchors] or transposed, [1, anchors, 4 + classes]: centre x, centre y, width,
    /// height, class scores.
    /// </summary>
    YoloV8,

    /// <summary>Several labels at once: one output of probabilities, each class for itself, [1, classes].</summary>
    MultiLabelProbabilities,

    /// <summary>Several labels at once: one output of logits, [1, classes]; sigmoid is ours.</summary>
    MultiLabelLogits,

    /// <summary>YOLOv5 and v7 (ultralytics/yolov5, WongKinYiu/yolov7): one output [1, anchors, 5 + classes]: centre x, centre y, width, height, objectness, class scores; a box's score is objectness x class.</summary>
    YoloV5,

    /// <summary>
    /// YOLOX (Megvii-BaseDetection/YOLOX, Ge et al. 2021): one output [1, cells, 5 + classes] as of YoloV5. With <see cref="DecoderSpec.Strides"/>
    /// it is raw: centre = (offset + cell) x stride, size = exp(offset) x stride, strides in that order, cells row by row; without, already decoded.
    /// </summary>
    YoloX,
}
